/**
 * Checks a root filesystem against the layers that it was unpacked from, which are unpacked once more beside it. Both trees are
 * listed in jails, by processes of their own: the host opens nothing of a plugin's tree.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareTrees, errorCode, type TreeDifference, type UnpackJail } from '@outboard/container';
import { type ImageManifest, isOutboardError } from '@outboard/oci';
import { hasProcess } from '../../supervise/supervisor.ts';
import type { CheckedVersion } from './checked-version.ts';
import type { Inspection, NewFinding } from './inspection.ts';
import { replaceTree } from './replace-tree.ts';

/** Upper bound of the differences that are told of one tree. */
const maxShown = 100;

/** Differences of one tree. */
interface TreeFindings {
  /** The first ones. */
  readonly shown: readonly TreeDifference[];
  readonly damaged: number;
  /** Entries that the plugin may have made or changed itself. */
  readonly own: number;
}

const noDifferences: TreeFindings = { shown: [], damaged: 0, own: 0 };

/** @returns why there is no root filesystem; undefined when there is one */
export async function findRootfsProblem({ rootfs }: CheckedVersion): Promise<string | undefined> {
  try {
    return (await lstat(rootfs)).isDirectory() ? undefined : 'it is no directory';
  } catch (error) {
    const code = errorCode(error);
    return code === 'ENOENT' ? 'it is missing' : `it cannot be read (${code})`;
  }
}

/**
 * Tell about a root filesystem that is not there; with `repair`, unpack it.
 * @param manifest undefined when its layers are not whole
 */
export async function checkLostRootfs(
  inspection: Inspection,
  version: CheckedVersion,
  { manifest, problem }: { readonly manifest: ImageManifest | undefined; readonly problem: string },
): Promise<void> {
  const { plugin, rootfs } = version;
  const found = { subject: 'rootfs', plugin, path: rootfs, problem } as const;
  if (manifest === undefined || inspection.request.quick === true || inspection.request.repair !== true) {
    const remedy = repairHint(version, noDifferences, false);
    return inspection.report({ ...found, remedy });
  }
  await using workspace = await inspection.context.workspaces.open();
  await unpack(inspection, manifest, workspace.jail);
  await workspace.jail.finish();
  inspection.report({ ...found, ...(await replaceTree(inspection.context, version, workspace.rootfs)) });
}

/**
 * Compare a root filesystem with its layers; with `repair`, replace a damaged one by the tree that the layers make.
 * @param manifest names the layers, which must be whole
 */
export async function checkRootfs(
  inspection: Inspection,
  version: CheckedVersion,
  manifest: ImageManifest,
): Promise<void> {
  const { workspaces } = inspection.context;
  const { plugin, rootfs } = version;
  const { repair = false, strict = false } = inspection.request;
  try {
    await using workspace = await workspaces.open();
    await unpack(inspection, manifest, workspace.jail);
    const found = await compare(inspection, version, workspace.jail);
    inspection.count('trees');
    const isDamaged = found.damaged > 0 || (strict && found.own > 0);
    let outcome: Pick<NewFinding, 'isRepaired' | 'remedy'> = { remedy: repairHint(version, found, strict) };
    if (isDamaged && repair && (strict || found.own === 0)) {
      await workspace.jail.finish();
      outcome = await replaceTree(inspection.context, version, workspace.rootfs);
    }
    report(inspection, version, found, { outcome, strict });
  } catch (error) {
    inspection.context.signal.throwIfAborted();
    if (!isOutboardError(error)) throw error;
    const problem = `it could not be compared with its layers: ${error.message}`;
    // A plugin that runs may have deleted what was just listed.
    const severity = hasProcess(inspection.context.supervisor.state(plugin.id)) ? 'note' : 'error';
    inspection.report({ subject: 'rootfs', severity, plugin, path: rootfs, problem });
  }
}

function repairHint({ plugin, isPrevious }: CheckedVersion, { own }: TreeFindings, strict: boolean): string {
  const { name } = plugin;
  const command = own > 0 && !strict ? 'outboard fsck --repair --strict' : 'outboard fsck --repair';
  const loss = own > 0 ? ', which drops what the plugin made or changed in its root filesystem' : '';
  const first = isPrevious ? '' : `outboard disable ${name}, then `;
  return `unpack it again from its layers: ${first}${command} ${name}${loss}`;
}

/** Apply the stored layers, which were checked. */
async function unpack(
  { context: { content, signal } }: Inspection,
  manifest: ImageManifest,
  jail: UnpackJail,
): Promise<void> {
  for (const layer of manifest.layers) {
    // Not into the same memory: the jail buffers more than two chunks.
    const source = await content.open(layer.digest, { signal });
    try {
      await jail.apply(source, { diffId: false, signal });
    } finally {
      source.destroy();
    }
  }
}

async function compare(
  { context: { store, openJail, signal } }: Inspection,
  { plugin, rootfs }: CheckedVersion,
  unpacked: UnpackJail,
): Promise<TreeFindings> {
  // A plugin that has started once has a log.
  const isUntouched = await isMissing(store.paths(plugin.id).logs);
  const options = { contents: 'digests', signal } as const;
  await using installed = openJail(rootfs, { signal });
  const shown: TreeDifference[] = [];
  let [damaged, own] = [0, 0];
  const differences = compareTrees(unpacked.archive(options), installed.archive(options), { isUntouched });
  for await (const difference of differences) {
    if (difference.kind === 'damaged') damaged += 1;
    else own += 1;
    if (shown.length < maxShown) shown.push(difference);
  }
  return { shown, damaged, own };
}

async function isMissing(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => false,
    (error: unknown) => errorCode(error) === 'ENOENT',
  );
}

function report(
  inspection: Inspection,
  { plugin, rootfs }: CheckedVersion,
  found: TreeFindings,
  {
    outcome,
    strict,
  }: { readonly outcome: Pick<NewFinding, 'isRepaired' | 'remedy'>; readonly strict: boolean },
): void {
  for (const { path, problem, kind } of found.shown) {
    const isError = strict || kind === 'damaged';
    const why = isError ? problem : `${problem}: the plugin may have done that itself`;
    const common = { subject: 'rootfs', plugin, path: join(rootfs, path), problem: why } as const;
    inspection.report(isError ? { ...common, ...outcome } : { ...common, severity: 'note' });
  }
  const more = found.damaged + found.own - found.shown.length;
  if (more <= 0) return;
  const isError = strict || found.damaged > 0;
  const common = { subject: 'rootfs', plugin, path: rootfs, problem: `${more} more entries differ` } as const;
  inspection.report(isError ? { ...common, ...outcome } : { ...common, severity: 'note' });
}
