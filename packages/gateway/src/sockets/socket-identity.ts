/**
 * The identity of a file: it tells a socket of this process from another file at the same path.
 */
import { lstat } from 'node:fs/promises';

/**
 * Device and inode number, which are not reused while a process listens on the socket.
 * @returns undefined if there is no such file
 */
export async function identifyFile(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}.${ino}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
