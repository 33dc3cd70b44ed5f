/**
 * Connections to a plugin's socket. The plugin owns the folder and may put anything at the socket's place: a link to
 * another socket of the host, a fifo, a device. So the name is opened as a handle that follows no link and opens no
 * file, the handle is judged, and the connection goes through the handle: nothing can change in between, and no path
 * is too long for a socket address.
 * @see open(2) O_PATH, unix(7) sun_path
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { OutboardError } from '@outboard/oci';

/** O_PATH of Linux on every architecture that Node.js runs on; `fs.constants` has no name for it. */
const O_PATH = 0o10000000;

/**
 * Connect to a unix socket without following a link at its last component.
 *
 * The caller owns the connection; errors that it does not listen to are shown by `close` only.
 * @param path of any length; its folder must belong to us
 * @throws {OutboardError} unavailable, code `socket-missing`, `socket-refused` (no one listens) or `not-a-socket`;
 *   the signal's reason when aborted
 */
export async function connectSocket(
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Socket> {
  options.signal?.throwIfAborted();
  const handle = await openSocketHandle(path);
  let socket: Socket;
  try {
    options.signal?.throwIfAborted();
    socket = await connectHandle(handle, path, options.signal);
  } finally {
    await handle.close();
  }
  // The plugin may have closed it in the meantime, and whoever gets it now would never hear of that.
  if (!socket.destroyed) return socket;
  throw dialError(path, 'connect: connection reset by peer', 'socket-refused');
}

/**
 * Open a handle on a socket: it can be connected to through `/proc/self/fd/<fd>` and not be read.
 * @returns a handle that the caller closes
 * @throws {OutboardError} unavailable, code `socket-missing` or `not-a-socket`
 */
export async function openSocketHandle(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, O_PATH | constants.O_NOFOLLOW);
  } catch (cause) {
    const code = errorCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw dialError(path, 'connect: no such file or directory', 'socket-missing', cause);
    }
    throw dialError(path, `open: ${code ?? String(cause)}`, 'socket-unreachable', cause);
  }
  try {
    const status = await handle.stat();
    if (status.isSocket()) return handle;
    throw dialError(path, 'want a socket, found another kind of file', 'not-a-socket');
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function connectHandle(handle: FileHandle, path: string, signal: AbortSignal | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: `/proc/self/fd/${handle.fd}` });
    const stop = () => {
      socket.off('connect', succeed);
      socket.off('error', fail);
      signal?.removeEventListener('abort', abort);
    };
    const succeed = () => {
      stop();
      // A connection that breaks before the caller listens would end the process.
      socket.on('error', () => {});
      resolve(socket);
    };
    const fail = (cause: unknown) => {
      stop();
      const code = errorCode(cause);
      // EAGAIN: the plugin does not accept as fast as it is called.
      const isRefused = code === 'ECONNREFUSED' || code === 'EAGAIN';
      const reason = isRefused ? 'connect: connection refused' : `connect: ${code ?? String(cause)}`;
      reject(dialError(path, reason, isRefused ? 'socket-refused' : 'socket-unreachable', cause));
    };
    const abort = () => {
      stop();
      // After `off` an error of the closing socket would have no listener and end the process.
      socket.on('error', () => {});
      socket.destroy();
      reject(signal?.reason);
    };
    socket.once('connect', succeed);
    socket.once('error', fail);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Docker's words for a socket that does not answer. */
function dialError(path: string, reason: string, code: string, cause?: unknown): OutboardError {
  const options = cause === undefined ? { code } : { code, cause };
  return new OutboardError('unavailable', `dial unix ${path}: ${reason}`, options);
}
