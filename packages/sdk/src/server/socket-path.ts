/**
 * The path of a plugin's socket, and removal of a stale socket there.
 */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { makeDirectories } from '../make-directories.ts';
import { PluginError } from '../plugin-error.ts';

/** Directory in which engines look for sockets. */
export const pluginSocketDirectory = '/run/docker/plugins';

/** Longest path of a unix socket in bytes: `sun_path` has 108 with the NUL. Node.js truncates longer ones silently. */
const maxSocketPathBytes = 107;

/**
 * The absolute path of a socket given by a path, by a file name in `pluginSocketDirectory`, or by a plugin's name.
 *
 * @throws {PluginError} if it is too long, or neither a path nor a file name
 */
export function resolveSocketPath(socket: string): string {
  if (socket.includes('\0') || socket === '' || (!socket.startsWith('/') && socket.includes('/'))) {
    throw new PluginError(`cannot listen on "${socket}": neither an absolute path nor a file name`);
  }
  const named = socket.endsWith('.sock') ? socket : `${socket}.sock`;
  const path = socket.startsWith('/') ? socket : join(pluginSocketDirectory, named);
  checkLength(path);
  return path;
}

/**
 * A temporary name in the same directory, under which to create the socket. It is short because the length limit
 * applies to it as well.
 *
 * @throws {PluginError} if it is too long
 */
export function temporarySocketPath(path: string): string {
  const temporary = join(dirname(path), `.${randomBytes(3).toString('hex')}`);
  checkLength(temporary);
  return temporary;
}

function checkLength(path: string): void {
  const length = Buffer.byteLength(path);
  if (length > maxSocketPathBytes) {
    throw new PluginError(
      `cannot listen on "${path}": ${length} bytes, a unix socket path has at most ${maxSocketPathBytes}`,
    );
  }
}

/**
 * Prepare the path: make its directory and remove a stale socket.
 *
 * @throws {PluginError} if another kind of file is there, or a process listens on the socket
 */
export async function freeSocketPath(path: string): Promise<void> {
  await makeDirectories(dirname(path), { mode: 0o755 });
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new PluginError(`cannot listen on "${path}": the path is not a socket`);
  if (await isListening(path))
    throw new PluginError(`cannot listen on "${path}": another process listens there`);
  await unlink(path);
}

async function isListening(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}
