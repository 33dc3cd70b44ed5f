/**
 * Where data roots are while they are measured.
 */
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';

const tmpfsType = 0x01021994;

/** A directory in memory, so that the disk does not affect the figures. @throws {Error} when there is none */
export async function memoryDirectory(): Promise<string> {
  for (const directory of ['/dev/shm', tmpdir()]) {
    const { type } = await statfs(directory);
    if (type === tmpfsType) return directory;
  }
  throw new Error('no tmpfs found: mount one at /dev/shm, so that the figures do not depend on a disk');
}
