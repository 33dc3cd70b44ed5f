/**
 * Closes files and directories to other users: they hold secrets, and set-user-ID programs of plugins.
 */
import { chmod, lstat } from 'node:fs/promises';
import { onStorage } from '@outboard/oci';
import type { Logger } from 'pino';

const othersBits = 0o077;

/**
 * Remove the permission bits of group and others. An absent path or a link is left alone.
 * @throws {OutboardError} system
 */
export async function keepPrivate(path: string, logger: Logger): Promise<void> {
  await onStorage('look up', path, async () => {
    const found = await lstat(path).catch(ignoreMissing);
    if (found === undefined || found.isSymbolicLink()) return;
    const before = found.mode & 0o7777;
    if ((before & othersBits) === 0) return;
    const mode = before & 0o700;
    await chmod(path, mode);
    logger.warn(
      { path, before: octal(before), mode: octal(mode) },
      'was open to other users, and is so no more',
    );
  });
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
