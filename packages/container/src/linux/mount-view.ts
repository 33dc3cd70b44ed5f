/**
 * Views of mounts: a second place at which a directory and all mounts below it can be seen, also those that are made later.
 * Mounts in the view do not reach the directory.
 * @see mount_namespaces(7), "MS_SLAVE"
 */
import { relative } from 'node:path';
import { makeDirectories, OutboardError } from '@outboard/oci';
import { lookUpMounts, type MountEntry, readMountTable } from './mount-table.ts';
import { bindSlave } from './shared-bind.ts';
import { unmountBelow } from './unmount.ts';

/** Absolute paths without links, which only root can change. */
export interface MountViewPaths {
  /** A directory that is a shared mount. */
  readonly source: string;
  /** Directory of the view. */
  readonly view: string;
}

/**
 * Mount a view, without set-user-ID programs and devices; mounts that appear below it later have the flags of the originals. A view that
 * no longer follows the directory, such as after this was unmounted and mounted again, is replaced.
 * @throws {OutboardError} unavailable when the directory is no shared mount; system when an older view stays
 */
async function openView({ source, view }: MountViewPaths): Promise<void> {
  const table = await readMountTable();
  const group = mountAt(table, source)?.propagation.find((field) => field.startsWith('shared:'));
  if (group === undefined) {
    throw new OutboardError(
      'unavailable',
      `nothing is mounted at ${JSON.stringify(source)} that can be shown`,
    );
  }
  const present = mountAt(table, view);
  const master = group.replace('shared:', 'master:');
  if (present?.propagation.includes(master) === true && present.options.includes('nosuid')) return;
  if (present !== undefined) await unmountBelow(view);
  await makeDirectories(view, { mode: 0o755 });
  bindSlave(source, view);
}

/**
 * The path in a view for a path of its directory. No file system is accessed.
 * @param path absolute, without links
 * @returns undefined for a path outside of the directory, and when the view shows another mount there
 */
async function pathInView({ source, view }: MountViewPaths, path: string): Promise<string | undefined> {
  if (path !== source && !path.startsWith(`${source}/`)) return undefined;
  const shown = `${view}${path.slice(source.length)}`;
  const lookUp = lookUpMounts(await readMountTable());
  const [wanted, seen] = [lookUp(latin1(path)), lookUp(latin1(shown))];
  if (wanted === undefined || seen === undefined) return undefined;
  const isSame =
    seen.device === wanted.device &&
    seen.root === wanted.root &&
    relative(latin1(view), seen.mountPoint) === relative(latin1(source), wanted.mountPoint);
  return isSame ? shown : undefined;
}

/** The topmost mount at a path. */
function mountAt(table: readonly MountEntry[], path: string): MountEntry | undefined {
  return table.filter(({ mountPoint }) => mountPoint === latin1(path)).at(-1);
}

function latin1(path: string): string {
  return Buffer.from(path, 'utf8').toString('latin1');
}

/** Functions of views. */
export const mountViews = {
  open: openView,
  path: pathInView,
  /** Unmount everything at a directory and below it, such as a view. @throws {OutboardError} system when a mount stays */
  close: unmountBelow,
} as const;
