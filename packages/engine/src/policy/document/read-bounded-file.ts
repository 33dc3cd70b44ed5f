/**
 * Reads small files of the operator.
 */
import { open } from 'node:fs/promises';
import { storageError } from '@outboard/oci';

/**
 * Read up to one byte more than a file may have, so that the caller notices one that is larger, or without end.
 * @param subject noun for errors, such as `key`
 * @throws {OutboardError} system
 */
export async function readBoundedFile(subject: string, path: string, maxBytes: number): Promise<Buffer> {
  try {
    await using handle = await open(path, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxBytes + 1));
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw storageError(`read ${subject}`, path, cause);
  }
}
