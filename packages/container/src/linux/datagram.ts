/**
 * Sends datagrams to unix sockets, which Node.js cannot do.
 * @see unix(7), sendto(2)
 */
import { bindCall, checkResult } from './libc.ts';

const openSocket = bindCall<[domain: number, type: number, protocol: number]>(
  'int socket(int domain, int type, int protocol)',
);
const sendTo = bindCall<[number, Uint8Array, number, number, Uint8Array, number]>(
  'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *address, unsigned int addressLength)',
);
const close = bindCall<[descriptor: number]>('int close(int fd)');

const unixDomain = 1; // AF_UNIX
const datagramType = 2 | 0o2000000; // SOCK_DGRAM | SOCK_CLOEXEC
const doNotWait = 0x40 | 0x4000; // MSG_DONTWAIT | MSG_NOSIGNAL
const maxPathBytes = 107;

/**
 * Send one datagram without blocking: a full queue of the receiver is an error.
 * @param address an absolute path, or `@` and an abstract name
 * @throws {ErrnoError} when it cannot be sent
 * @throws {RangeError} when the address is too long or of another form
 */
export function sendDatagram(address: string, message: string): void {
  const encoded = encodeUnixAddress(address);
  const bytes = Buffer.from(message, 'utf8');
  const descriptor = checkResult(openSocket(unixDomain, datagramType, 0), 'socket');
  try {
    checkResult(
      sendTo(descriptor, bytes, bytes.length, doNotWait, encoded, encoded.length),
      'sendto',
      address,
    );
  } finally {
    close(descriptor);
  }
}

/** Encode a `struct sockaddr_un`. @throws {RangeError} when the address is too long or of another form */
export function encodeUnixAddress(address: string): Buffer {
  const name = Buffer.from(address, 'utf8');
  const isAbstract = address.startsWith('@');
  if (
    !(isAbstract || address.startsWith('/')) ||
    name.length < 2 ||
    name.length > maxPathBytes ||
    name.includes(0)
  ) {
    throw new RangeError(
      `invalid socket address ${JSON.stringify(address)}: expected an absolute path, or "@" and a name, of at most ${maxPathBytes} bytes`,
    );
  }
  const encoded = Buffer.from(new ArrayBuffer(2 + name.length + (isAbstract ? 0 : 1)));
  new Uint16Array(encoded.buffer, encoded.byteOffset, 1)[0] = unixDomain; // in the host's byte order
  name.copy(encoded, 2);
  if (isAbstract) encoded[2] = 0;
  return encoded;
}
