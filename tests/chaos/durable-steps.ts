/**
 * Recorded changes of the data root as the steps that docs/reliability.md shows, and the rules that they must keep.
 */
import { dirname } from 'node:path';
import type { RecordedChange } from '../support/recorded-changes.ts';

/** One step of an operation. */
export interface DurableStep {
  readonly change: RecordedChange;
  /** One line, in which names that differ each time are replaced by their meaning. */
  readonly text: string;
  /** True for the change that decides between old and new. */
  readonly isCommit: boolean;
}

const commits: readonly RegExp[] = [
  /^rename +plugins\/tmp\/<random> -> plugins\/<id>$/,
  /^rename +plugins\/<id> -> plugins\/<id>-removing$/,
  /^rename .* -> plugins\/<id>\/(?:config|uses)\.json$/,
  /^rename .* -> volumes\/<name>\.json$/,
  /^delete +volumes\/<name>\.json$/,
];

/** Places of which a start deletes what it cannot use, so that nothing in them needs to be flushed. */
const temporary = /^plugins\/(?:tmp|storage\/ingest)$/;
/** Output of plugins: a power cut may take its end. */
const output = /\/logs(?:\/|$)/;

/** Describe changes below a data root. Output of plugins is left out. */
export function describeSteps(changes: readonly RecordedChange[], dataRoot: string): readonly DurableStep[] {
  return changes
    .filter(({ path }) => !output.test(path))
    .map((absolute) => {
      const change = {
        kind: absolute.kind,
        path: below(dataRoot, absolute.path),
        ...(absolute.to !== undefined && { to: below(dataRoot, absolute.to) }),
      };
      const target = change.to === undefined ? '' : ` -> ${nameOf(change.to)}`;
      const text = `${change.kind.padEnd(8)} ${nameOf(change.path)}${target}`;
      return { change, text, isCommit: commits.some((pattern) => pattern.test(text)) };
    });
}

function below(root: string, path: string): string {
  return path === root ? '.' : path.slice(root.length + 1);
}

function nameOf(path: string): string {
  return path
    .replace(/\.[0-9a-f]{16}\.unfinished/, '.unfinished')
    .replace(/sha256([/-])[0-9a-f]{64}/, 'sha256$1<digest>')
    .replace(/(?<=tmp\/|ingest\/)[0-9a-f]{32}/, '<random>')
    .replace(/(?<=volumes\/\.?)[0-9a-f]{64}/, '<name>')
    .replace(/(?<=plugins\/)[0-9a-f]{64}/, '<id>');
}

/**
 * Find what a power cut could undo or tear. A file has its final name only after it was flushed; a commit happens only after
 * every directory that was changed before it was flushed; and nothing is left to flush at the end.
 * @returns one sentence for each fault
 */
export function findUnflushed(steps: readonly DurableStep[]): readonly string[] {
  const faults: string[] = [];
  const written = new Set<string>();
  const changed = new Set<string>();
  const note = (moment: string) => {
    for (const directory of changed) faults.push(`${directory} is not flushed at ${moment}`);
  };
  for (const { change, text, isCommit } of steps) {
    if (isCommit) note(text);
    const { kind, path, to } = change;
    if (kind === 'write') written.add(path);
    if (kind === 'flush') for (const set of [written, changed]) set.delete(path);
    if (kind === 'rename' && written.has(path)) faults.push(`not flushed before: ${text}`);
    if (kind !== 'write' && kind !== 'flush' && !isRepeated(change)) {
      for (const entry of [path, to ?? path])
        if (!temporary.test(dirname(entry))) changed.add(dirname(entry));
      // The rest of a staging directory is deleted.
      const staging = dirname(path);
      if (to !== undefined && dirname(staging) === 'plugins/tmp' && dirname(to) !== staging)
        changed.delete(staging);
    }
  }
  note('the end');
  return faults;
}

/** True for the first step of the deletion of a blob: each start repeats it. */
function isRepeated({ kind, path, to = '' }: RecordedChange): boolean {
  return kind === 'rename' && path.includes('/blobs/') && to.includes('/ingest/');
}
