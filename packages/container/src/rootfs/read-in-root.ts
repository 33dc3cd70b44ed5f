/**
 * Content of regular files in a plugin's root filesystem. Opening a device node acts on the host (a watchdog is armed, a
 * loop device made, a module loaded), and opening a fifo waits: so a name is judged by a handle that opens nothing, and
 * what was judged is then opened through that handle, whatever the plugin puts in its place meanwhile.
 * @see open(2) O_PATH
 */
import { closeSync, constants, fstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { isOutboardError } from '@outboard/oci';
import { isErrno } from '../linux/errno.ts';
import { openInRoot, openRoot, walkInRoot } from './walk-in-root.ts';

/** A regular file, and its beginning. */
export interface FileInRoot {
  readonly mode: number;
  /** All of its bytes, of which `content` holds the first. */
  readonly size: number;
  readonly content: Buffer;
}

/**
 * Read the beginning of a file. Links are followed as the plugin would follow them, inside its root.
 * @param path absolute, in the root filesystem
 * @returns undefined when there is no regular file, or what is there cannot be read
 */
export async function readFileInRoot(
  rootfs: string,
  path: string,
  maxBytes: number,
): Promise<FileInRoot | undefined> {
  try {
    const handle = openPlace(rootfs, path);
    if (handle === undefined) return undefined;
    try {
      const { mode, size } = fstatSync(handle);
      return { mode, size, content: await readHandle(handle, Math.min(size, maxBytes)) };
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    // Only the root filesystem's own faults; a host that is out of memory or of descriptors is told.
    if (isOutboardError(error) || isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EIO'))
      return undefined;
    throw error;
  }
}

/** @returns a handle that opens nothing, on a regular file; the caller closes it */
function openPlace(rootfs: string, path: string): number | undefined {
  const root = openRoot(rootfs);
  try {
    const { path: place, end } = walkInRoot(root, path);
    if (end !== 'other') return undefined;
    const handle = openInRoot(root, place.split('/').slice(1));
    if (handle === undefined || fstatSync(handle).isFile()) return handle;
    closeSync(handle);
    return undefined;
  } finally {
    closeSync(root);
  }
}

async function readHandle(handle: number, bytes: number): Promise<Buffer> {
  const file = await open(`/proc/self/fd/${handle}`, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
