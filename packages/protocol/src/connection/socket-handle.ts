/**
 * Connections to a plugin's socket. The plugin can write the directory and may replace the socket by a link to another
 * socket of the host, a FIFO or a device. So the name is opened with O_PATH | O_NOFOLLOW, which follows no link and
 * opens no file; the file type is checked on that handle, and the connection goes through it. Nothing can change in
 * between, and the length of the path is not limited by `sun_path`.
 * @see open(2) O_PATH, unix(7) sun_path
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { type Cancellable, firstEvent } from '@outboard/async';
import { OutboardError } from '@outboard/oci';

/** O_PATH, the same on every Linux architecture of Node.js; missing from `fs.constants`. */
const openPath = 0o10000000;

/**
 * Connect to a unix socket without following a link at its last component.
 *
 * The caller destroys the connection. An error without a listener does not end the process.
 * @param path of any length; its directory must be owned by this process
 * @throws {OutboardError} unavailable, code `socket-missing`, `socket-refused` (nothing listens) or `not-a-socket`;
 *   the signal's reason when aborted
 */
export async function connectSocket(path: string, options: Cancellable = {}): Promise<Socket> {
  options.signal?.throwIfAborted();
  const handle = await openSocketHandle(path);
  let socket: Socket;
  try {
    options.signal?.throwIfAborted();
    socket = await connectHandle(handle, path, options.signal);
  } finally {
    await handle.close();
  }
  // The plugin may have closed the connection meanwhile: a caller that listens from now on would miss the event.
  if (!socket.destroyed) return socket;
  throw dialError(path, 'connect: connection reset by peer', 'socket-refused');
}

/**
 * Open a handle on a socket, for connections through `/proc/self/fd/<fd>`.
 * @returns the handle, closed by the caller
 * @throws {OutboardError} unavailable, code `socket-missing` or `not-a-socket`
 */
async function openSocketHandle(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, openPath | constants.O_NOFOLLOW);
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

async function connectHandle(
  handle: FileHandle,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  const socket = connect({ path: `/proc/self/fd/${handle.fd}` });
  let cause: unknown;
  // The listener stays: an error before the caller listens would end the process.
  socket.on('error', (error) => {
    cause = error;
  });
  const event = await firstEvent(socket, ['connect', 'error'], { signal });
  if (event === 'connect') return socket;
  if (event === undefined) {
    socket.destroy();
    throw signal?.reason;
  }
  const code = errorCode(cause);
  // EAGAIN: the plugin's backlog is full.
  const isRefused = code === 'ECONNREFUSED' || code === 'EAGAIN';
  const reason = isRefused ? 'connect: connection refused' : `connect: ${code ?? String(cause)}`;
  throw dialError(path, reason, isRefused ? 'socket-refused' : 'socket-unreachable', cause);
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The error in Docker's wording. */
function dialError(path: string, reason: string, code: string, cause?: unknown): OutboardError {
  return new OutboardError('unavailable', `dial unix ${path}: ${reason}`, { code, cause });
}
