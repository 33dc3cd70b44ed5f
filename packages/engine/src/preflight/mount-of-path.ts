/**
 * Which mount a path lies on, and what that mount allows.
 */
import type { MountEntry } from '@outboard/container';

/** The mount that a path without links lies on; undefined when the table has none that holds it. */
export function mountOfPath(mounts: readonly MountEntry[], path: string): MountEntry | undefined {
  // The table spells paths as bytes.
  const place = Buffer.from(path, 'utf8').toString('latin1');
  const holds = ({ mountPoint }: MountEntry) =>
    mountPoint === '/' || place === mountPoint || place.startsWith(`${mountPoint}/`);
  let found: MountEntry | undefined;
  for (const entry of mounts) {
    // Of two at one place the later covers the earlier.
    if (holds(entry) && entry.mountPoint.length >= (found?.mountPoint.length ?? 0)) found = entry;
  }
  return found;
}

/** The group of mounts that show the same; undefined when it has no other one. */
export function peerGroup(mount: MountEntry | undefined): string | undefined {
  return mount?.propagation.find((field) => field.startsWith('shared:'));
}

/** Whether mounts made below it in another mount namespace appear here. */
export function isShared(mount: MountEntry): boolean {
  return peerGroup(mount) !== undefined;
}
