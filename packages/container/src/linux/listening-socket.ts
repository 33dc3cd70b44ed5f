/**
 * Listening unix sockets as bare descriptors. A socket that Node.js itself binds is deleted when it is closed, so that
 * another process could not go on with it, and it listens before its mode is set.
 * @see unix(7), bind(2), listen(2)
 */
import { chmodSync, chownSync, closeSync, rmSync } from 'node:fs';
import { encodeUnixAddress } from './datagram.ts';
import { bindCall, checkResult } from './libc.ts';

const openSocket = bindCall<[domain: number, type: number, protocol: number]>(
  'int socket(int domain, int type, int protocol)',
);
const bind = bindCall<[descriptor: number, address: Uint8Array, length: number]>(
  'int bind(int fd, const void *address, unsigned int length)',
);
const listen = bindCall<[descriptor: number, backlog: number]>('int listen(int fd, int backlog)');
const getSocketName = bindCall<[descriptor: number, address: Uint8Array, length: Uint32Array]>(
  'int getsockname(int fd, void *address, void *length)',
);
const shutdown = bindCall<[descriptor: number, how: number]>('int shutdown(int fd, int how)');

const unixDomain = 1; // AF_UNIX
const streamType = 1 | 0o2000000 | 0o4000; // SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK
const receiving = 0; // SHUT_RD
const longestAddress = 110; // sizeof(struct sockaddr_un)

/** Owner, mode and queue of a listening socket. */
export interface ListeningSocketOptions {
  /** Permission bits. */
  readonly mode: number;
  /** Owner; absent for root. */
  readonly uid?: number | undefined;
  /** Owning group; absent for that of this process. */
  readonly gid?: number | undefined;
  /** Connections that wait to be accepted; the system has an upper bound of its own (net.core.somaxconn). */
  readonly backlog: number;
}

/**
 * Bind and listen. Nobody can connect before owner and mode are set: until then the socket does not listen.
 * @returns a descriptor that is not inherited by programs and does not block; the caller closes it and deletes the socket
 * @throws {ErrnoError} `EADDRINUSE` if the path exists, `ENOENT` without its directory
 * @throws {RangeError} if the path is not absolute or has more than 107 bytes
 */
export function openListeningSocket(path: string, options: ListeningSocketOptions): number {
  const { mode, uid = 0, gid, backlog } = options;
  const address = encodeUnixAddress(path);
  const descriptor = checkResult(openSocket(unixDomain, streamType, 0), 'socket');
  try {
    checkResult(bind(descriptor, address, address.length), 'bind', path);
    try {
      if (uid !== 0 || gid !== undefined) chownSync(path, uid, gid ?? 0);
      chmodSync(path, mode);
      checkResult(listen(descriptor, backlog), 'listen', path);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** The path that a unix socket is bound to; undefined for one without a path, and for another kind of descriptor. */
export function pathOfSocket(descriptor: number): string | undefined {
  const address = Buffer.alloc(longestAddress);
  const length = Uint32Array.of(longestAddress);
  if (getSocketName(descriptor, address, length) < 0) return undefined;
  if (new Uint16Array(address.buffer, address.byteOffset, 1)[0] !== unixDomain) return undefined;
  const end = address.indexOf(0, 2);
  const text = address.toString('utf8', 2, end < 0 ? length[0] : end);
  return text === '' ? undefined : text;
}

/**
 * Refuse further bytes of the peer of a unix socket, at once and for both: what it wrote until now can still be read, and
 * its next write fails as a whole (`EPIPE`).
 * @throws {ErrnoError} `ENOTCONN`, `EBADF`
 */
export function stopReceiving(descriptor: number): void {
  checkResult(shutdown(descriptor, receiving), 'shutdown');
}
