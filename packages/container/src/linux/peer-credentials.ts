/**
 * Reads who connected to a unix socket, as the kernel noted it at the connection.
 * @see unix(7), SO_PEERCRED
 */
import type { Socket } from 'node:net';
import { bindCall } from './libc.ts';

/** The process that connected; it may have passed the socket on, or have ended. */
export interface PeerCredentials {
  /** Absent for a process that this one's pid namespace does not show. */
  readonly pid?: number;
  readonly uid: number;
  readonly gid: number;
}

const getSocketOption = bindCall<
  [descriptor: number, level: number, option: number, value: Uint8Array, length: Uint32Array]
>('int getsockopt(int fd, int level, int option, void *value, void *length)');

const socketLevel = 1; // SOL_SOCKET
const peerCredentials = process.arch === 'ppc64' ? 21 : 17; // SO_PEERCRED
const credentialsSize = 12; // struct ucred: pid_t, uid_t, gid_t

/**
 * Read the credentials of a connection. Cheap, and constant for the connection: read them once.
 * @returns undefined when the socket is closed or is no unix socket
 */
export function readPeerCredentials(socket: Socket): PeerCredentials | undefined {
  const descriptor = descriptorOf(socket);
  return descriptor === undefined ? undefined : credentialsOf(descriptor);
}

function credentialsOf(descriptor: number): PeerCredentials | undefined {
  const value = Buffer.alloc(credentialsSize);
  const length = Uint32Array.of(credentialsSize);
  const result = getSocketOption(descriptor, socketLevel, peerCredentials, value, length);
  if (result < 0 || length[0] !== credentialsSize) return undefined;
  // In the byte order of the host, as all typed arrays.
  const [pid = 0, uid = 0, gid = 0] = new Uint32Array(Uint8Array.from(value).buffer);
  // A socket without a peer, such as one of TCP, has user and group -1.
  if (uid === nobodyKnown && pid === 0) return undefined;
  return pid === 0 ? { uid, gid } : { pid, uid, gid };
}

const nobodyKnown = 0xffff_ffff;

/** Node.js has no public access to the descriptor of a socket. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  const descriptor = handle?.fd;
  return descriptor !== undefined && descriptor >= 0 ? descriptor : undefined;
}
