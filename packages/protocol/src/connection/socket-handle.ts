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
import { isOutboardError, OutboardError } from '@outboard/oci';
import type { OpenedSocket, OpenSocket } from './plugin-address.ts';

/** O_PATH, the same on every Linux architecture of Node.js; missing from `fs.constants`. */
const openPath = 0o10000000;

/** Options of `connectSocket`. */
export interface ConnectSocketOptions extends Cancellable {
  /** Opens the socket; default without following a link at the last component. */
  readonly open?: OpenSocket | undefined;
}

/**
 * Connect to a unix socket.
 *
 * The caller destroys the connection. An error without a listener does not end the process.
 * @param path of any length; its directory must be owned by this process
 * @throws {OutboardError} unavailable, code `socket-missing`, `socket-refused` (nothing listens), `not-a-socket` or
 *   `socket-unreachable`; the signal's reason when aborted
 */
export async function connectSocket(path: string, options: ConnectSocketOptions = {}): Promise<Socket> {
  const { signal } = options;
  signal?.throwIfAborted();
  const handle = await openHandle(path, options);
  let socket: Socket;
  try {
    signal?.throwIfAborted();
    if (!handle.isSocket) {
      throw dialError(path, 'want a socket, found another kind of file', 'not-a-socket');
    }
    socket = await connectHandle(handle, path, signal);
  } finally {
    await handle.close();
  }
  // The plugin may have closed the connection meanwhile: a caller that listens from now on would miss the event.
  if (!socket.destroyed) return socket;
  throw dialError(path, 'connect: connection reset by peer', 'socket-refused');
}

async function openHandle(path: string, { signal, open: openSocket = openSocketFile }: ConnectSocketOptions) {
  try {
    const opened = await openSocket(path, { signal });
    if (opened !== 'absent') return opened;
  } catch (cause) {
    if (signal?.aborted === true && cause === signal.reason) throw cause;
    const code = errorCode(cause);
    if (isOutboardError(cause)) throw dialError(path, cause.message, 'socket-unreachable', cause);
    throw dialError(path, `open: ${code ?? String(cause)}`, 'socket-unreachable', cause);
  }
  throw dialError(path, 'connect: no such file or directory', 'socket-missing');
}

/** Open a socket without following a link at its last component. */
async function openSocketFile(path: string): Promise<OpenedSocket | 'absent'> {
  let handle: FileHandle;
  try {
    handle = await open(path, openPath | constants.O_NOFOLLOW);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
    throw error;
  }
  try {
    const isSocket = (await handle.stat()).isSocket();
    return { descriptor: handle.fd, isSocket, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function connectHandle(
  { descriptor }: OpenedSocket,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  const socket = connect({ path: `/proc/self/fd/${descriptor}` });
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
