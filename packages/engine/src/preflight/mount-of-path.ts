/**
 * Finds the mount that a path lies on, and its propagation.
 */
import type { MountEntry } from '@outboard/container';

/** Find the mount that a path without links lies on. @returns undefined when no entry of the table contains it */
export function mountOfPath(mounts: readonly MountEntry[], path: string): MountEntry | undefined {
  // The table spells paths as bytes.
  const place = Buffer.from(path, 'utf8').toString('latin1');
  const holds = ({ mountPoint }: MountEntry) =>
    mountPoint === '/' || place === mountPoint || place.startsWith(`${mountPoint}/`);
  let found: MountEntry | undefined;
  for (const entry of mounts) {
    // A later mount covers an earlier one at the same path.
    if (holds(entry) && entry.mountPoint.length >= (found?.mountPoint.length ?? 0)) found = entry;
  }
  return found;
}

/** The peer group of a shared mount; undefined for any other mount. */
export function peerGroup(mount: MountEntry | undefined): string | undefined {
  return mount?.propagation.find((field) => field.startsWith('shared:'));
}

/** True when mounts below it propagate to and from other mount namespaces. */
export function isShared(mount: MountEntry): boolean {
  return peerGroup(mount) !== undefined;
}
