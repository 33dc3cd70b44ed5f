/**
 * Sends open descriptors to another process in a datagram.
 * @see unix(7), SCM_RIGHTS; cmsg(3); sendmsg(2)
 */
import { closeSync } from 'node:fs';
import { encodeUnixAddress } from './datagram.ts';
import { bindCall, checkResult, memoryAddress } from './libc.ts';

const openSocket = bindCall<[domain: number, type: number, protocol: number]>(
  'int socket(int domain, int type, int protocol)',
);
const sendMessage = bindCall<[descriptor: number, message: Uint8Array, flags: number]>(
  'intptr_t sendmsg(int fd, const void *message, int flags)',
);

const unixDomain = 1; // AF_UNIX
const datagramType = 2 | 0o2000000; // SOCK_DGRAM | SOCK_CLOEXEC
const doNotWait = 0x40 | 0x4000; // MSG_DONTWAIT | MSG_NOSIGNAL
const socketLevel = 1; // SOL_SOCKET
const rights = 1; // SCM_RIGHTS
/** The kernel's SCM_MAX_FD. */
const mostDescriptors = 253;

/** Places in one buffer: `struct msghdr`, `struct iovec`, control message, address, text. All are 64-bit structures. */
const vectorAt = 64;
const controlAt = 80;
const controlHeader = 16;
const addressAt = 1152;
const textAt = 1280;

/**
 * Send one datagram with descriptors, without blocking: a full queue of the receiver is an error. The receiver gets
 * descriptors of its own; those of this process stay open.
 * @param address as of `sendDatagram`
 * @param descriptors 1 to 253
 * @throws {ErrnoError} when it cannot be sent, such as `EAGAIN`
 * @throws {RangeError} when the address is too long or of another form
 */
export function sendDescriptors(address: string, message: string, descriptors: readonly number[]): void {
  if (descriptors.length < 1 || descriptors.length > mostDescriptors)
    throw new RangeError(
      `cannot send ${descriptors.length} descriptors: 1 to ${mostDescriptors} are possible`,
    );
  const receiver = encodeUnixAddress(address);
  const buffer = encodeMessage(receiver, Buffer.from(message, 'utf8'), descriptors);
  const descriptor = checkResult(openSocket(unixDomain, datagramType, 0), 'socket');
  try {
    checkResult(sendMessage(descriptor, buffer, doNotWait), 'sendmsg', address);
  } finally {
    closeSync(descriptor);
  }
}

function encodeMessage(receiver: Uint8Array, text: Uint8Array, descriptors: readonly number[]): Buffer {
  const buffer = Buffer.from(new ArrayBuffer(textAt + text.length + 1));
  buffer.set(receiver, addressAt);
  buffer.set(text, textAt);
  const base = memoryAddress(buffer);
  const controlLength = controlHeader + 4 * descriptors.length;
  const words = new BigUint64Array(buffer.buffer, 0, textAt / 8);
  const halves = new Uint32Array(buffer.buffer, 0, textAt / 4);
  words[0] = base + BigInt(addressAt); // msg_name
  halves[2] = receiver.length; // msg_namelen
  words[2] = base + BigInt(vectorAt); // msg_iov
  words[3] = 1n; // msg_iovlen
  words[4] = base + BigInt(controlAt); // msg_control
  words[5] = BigInt(controlLength); // msg_controllen
  words[vectorAt / 8] = base + BigInt(textAt); // iov_base
  words[vectorAt / 8 + 1] = BigInt(text.length); // iov_len
  words[controlAt / 8] = BigInt(controlLength); // cmsg_len
  halves[controlAt / 4 + 2] = socketLevel; // cmsg_level
  halves[controlAt / 4 + 3] = rights; // cmsg_type
  halves.set(descriptors, (controlAt + controlHeader) / 4);
  return buffer;
}
