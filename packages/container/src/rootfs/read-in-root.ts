/**
 * Reads regular files in the root filesystem of a container. Opening a device node acts on the host (arms a watchdog,
 * makes a loop device, loads a module), and opening a fifo blocks. So a name is checked through an O_PATH handle, and
 * the checked file is then opened through that handle, whatever the container puts in its place meanwhile.
 * @see open(2) O_PATH
 */
import { closeSync, constants, fstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { isOutboardError } from '@outboard/oci';
import { isErrno } from '../linux/errno.ts';
import { openInRoot, openRoot, walkInRoot } from './walk-in-root.ts';

/** A regular file with its first bytes. */
export interface FileInRoot {
  readonly mode: number;
  /** Size of the file in bytes. */
  readonly size: number;
  readonly content: Buffer;
}

/**
 * Read the first bytes of a file. Links are followed as inside the container.
 * @param path absolute, in the root filesystem
 * @returns undefined when there is no regular file, or it cannot be read
 */
export async function readFileInRoot(
  rootfs: string,
  path: string,
  maxBytes: number,
): Promise<FileInRoot | undefined> {
  try {
    const handle = openFileHandle(rootfs, path);
    if (handle === undefined) return undefined;
    try {
      const { mode, size } = fstatSync(handle);
      return { mode, size, content: await readHandle(handle, Math.min(size, maxBytes)) };
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    // Only faults of the root filesystem; a host without memory or descriptors is an error.
    if (isOutboardError(error) || isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EIO'))
      return undefined;
    throw error;
  }
}

/** Find a regular file. @returns an O_PATH handle that the caller closes */
function openFileHandle(rootfs: string, path: string): number | undefined {
  const root = openRoot(rootfs);
  try {
    const { path: found, end } = walkInRoot(root, path);
    if (end !== 'other') return undefined;
    const handle = openInRoot(root, found.split('/').slice(1));
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
