/**
 * Where a plugin listens, and making the place free without taking it from anyone.
 */
import { randomBytes } from 'node:crypto';
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { makeDirectories } from '../make-directories.ts';
import { PluginError } from '../plugin-error.ts';

/** Where plugin hosts look for sockets. */
export const PLUGIN_SOCKET_FOLDER = '/run/docker/plugins';

/** Longest path of a unix socket in bytes: `sun_path` has 108, the last is NUL. Node.js would cut a longer one silently. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * The absolute path for a socket named by a path, by a file name in `PLUGIN_SOCKET_FOLDER`, or by a plugin's name.
 *
 * @throws {PluginError} if it is too long or no file name
 */
export function resolveSocketPath(socket: string): string {
  if (socket.includes('\0') || socket === '' || (!socket.startsWith('/') && socket.includes('/'))) {
    throw new PluginError(`cannot listen on "${socket}": neither an absolute path nor a file name`);
  }
  const named = socket.endsWith('.sock') ? socket : `${socket}.sock`;
  const path = socket.startsWith('/') ? socket : join(PLUGIN_SOCKET_FOLDER, named);
  checkLength(path);
  return path;
}

/**
 * A name in the same folder under which to make the socket, before it gets its own. Not longer than most names, for
 * the limit holds for both.
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
  if (length > MAX_SOCKET_PATH_BYTES) {
    throw new PluginError(
      `cannot listen on "${path}": ${length} bytes, a unix socket path has at most ${MAX_SOCKET_PATH_BYTES}`,
    );
  }
}

/**
 * Make sure that nothing is at the path: the folder exists, and a socket that an earlier process left is removed.
 *
 * @throws {PluginError} if something else is there or somebody still listens
 */
export async function freeSocketPath(path: string): Promise<void> {
  await makeDirectories(dirname(path), { mode: 0o755 });
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket())
    throw new PluginError(`cannot listen on "${path}": a file that is no socket is in the way`);
  if (await isListening(path))
    throw new PluginError(`cannot listen on "${path}": another process listens there`);
  await unlink(path);
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      else reject(error);
    });
  });
}
