/**
 * Resources of one test on the host: processes, mounts, cgroups and files. Two snapshots show the leftovers. Only
 * resources of one directory count, because other tests run at the same time.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readProcessMemory } from './process-memory.ts';

export interface HostSnapshot {
  /** The directory whose resources count. */
  readonly directory: string;
  /** Processes (conmon, runtimes, plugins and their children) as `pid command line`. */
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  /** Cgroup directories of plugins, in any hierarchy. */
  readonly cgroups: readonly string[];
  /** Paths of files and directories below the directory. */
  readonly entries: readonly string[];
}

/** Further resources of a snapshot. */
export interface SnapshotOptions {
  /** Directories below it whose content counts; default none. */
  readonly entries?: readonly string[];
  /** IDs of the test's plugins: a leftover cgroup is known by the ID only. */
  readonly plugins?: readonly string[];
  /** Processes that are no leftovers: the daemon. */
  readonly daemons?: readonly number[];
}

/**
 * Take a snapshot.
 *
 * @param directory the test's own directory, such as the one with data root and exec root
 */
export function snapshotHost(directory: string, options: SnapshotOptions = {}): HostSnapshot {
  const inDirectory = [...allFiles(directory, 4)].flatMap((path) => path.split('/')).filter(isId);
  const ids = [...new Set([...inDirectory, ...(options.plugins ?? [])])];
  const marks = [directory, ...ids];
  const belonging = [process.pid, ...(options.daemons ?? [])];
  const processes = listProcesses().filter(({ pid, places }) => {
    return !belonging.includes(pid) && places.some((place) => marks.some((mark) => place.includes(mark)));
  });
  return {
    directory,
    processes: processes.map(({ pid, places }) => `${pid} ${places[0]}`).sort(),
    mounts: readTable('/proc/self/mountinfo')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((mountPoint) => `${mountPoint}/`.startsWith(`${directory}/`))
      .sort(),
    cgroups: listCgroups().filter((path) => ids.some((id) => path.includes(id))),
    entries: (options.entries ?? []).flatMap((entry) => [...allFiles(join(directory, entry), 8)]).sort(),
  };
}

/**
 * Take another snapshot and compare. Requires the same `entries`, and the IDs of all plugins so far.
 *
 * @throws {AssertionError} with new and missing resources
 */
export function assertHostUnchanged(before: HostSnapshot, options: SnapshotOptions = {}): void {
  const after = snapshotHost(before.directory, options);
  for (const kind of ['processes', 'mounts', 'cgroups', 'entries'] as const) {
    const added = after[kind].filter((item) => !before[kind].includes(item) && !isKept(item));
    const gone = before[kind].filter((item) => !after[kind].includes(item));
    assert.deepEqual({ kind, added, gone }, { kind, added: [], gone: [] });
  }
}

/** Files that a data root keeps on purpose: consents to privileges, and downloads that can go on. */
function isKept(path: string): boolean {
  return /\/data\/consents\.json$|\/storage\/ingest\/sha256-[a-f0-9]{64}(\.json)?$/.test(path);
}

function isId(name: string): boolean {
  return /^[a-f0-9]{64}$/.test(name);
}

interface SeenProcess {
  readonly pid: number;
  /** Command line, working directory and cgroups: processes of a container are known by their cgroups only. */
  readonly places: readonly string[];
}

function listProcesses(): readonly SeenProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && !isZombie(name))
    .map((name) => ({
      pid: Number(name),
      places: [
        readProcessMemory(name, 'cmdline').replaceAll('\0', ' ').trim(),
        attempt(() => readlinkSync(`/proc/${name}/cwd`)),
        attempt(() => readFileSync(`/proc/${name}/cgroup`, 'utf8')),
      ],
    }));
}

/** A zombie. */
function isZombie(pid: string): boolean {
  return / Z [^)]*$/.test(attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1')));
}

function listCgroups(): readonly string[] {
  const roots = readTable('/proc/self/mountinfo')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '');
  // At the top, or in the slice in which systemd makes them.
  return roots
    .flatMap((root) => [root, join(root, 'outboard.slice')])
    .flatMap((directory) =>
      attempt(() => readdirSync(directory).filter((name) => name.startsWith('outboard-')), []).map((name) =>
        join(directory, name),
      ),
    );
}

function* allFiles(directory: string, depth: number): Generator<string> {
  for (const entry of attempt(() => readdirSync(directory, { withFileTypes: true }), [])) {
    const path = join(directory, entry.name);
    yield path;
    if (entry.isDirectory() && depth > 1) yield* allFiles(path, depth - 1);
  }
}

function readTable(path: string): readonly string[] {
  return readFileSync(path, 'utf8').split('\n');
}

/** Processes and directories may disappear during the listing: then they are not on the host. */
function attempt(read: () => string): string;
function attempt<Value>(read: () => Value, otherwise: Value): Value;
function attempt(read: () => unknown, otherwise: unknown = ''): unknown {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
