/**
 * Opens the propagated mount of a container, unless the container has mounted a file system over it.
 */
import { closeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../linux/errno.ts';
import { mountsAt } from '../linux/mount-table.ts';
import { mountIdOf, type OpenedEntry, openTrustedDirectory } from '../linux/open-entry.ts';

/**
 * Open a propagated mount.
 * @param hostPath directory of the engine; while the container runs it is a mount, made before the container could
 *   mount anything
 * @returns `mount` when another file system is mounted over it
 */
export async function openPropagatedMount(hostPath: string): Promise<OpenedEntry> {
  const [ours, over] = await mountsAt(hostPath);
  if (over !== undefined) return { type: 'mount' };
  let handle: number;
  try {
    handle = openTrustedDirectory(hostPath);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { type: 'absent' };
    throw error;
  }
  // It may have been covered after the table was read.
  if (mountIdOf(handle) === (ours?.id ?? mountIdOfDirectory(dirname(hostPath)))) {
    return { type: 'directory', handle };
  }
  closeSync(handle);
  return { type: 'mount' };
}

function mountIdOfDirectory(path: string): number {
  const handle = openTrustedDirectory(path);
  try {
    return mountIdOf(handle);
  } finally {
    closeSync(handle);
  }
}
