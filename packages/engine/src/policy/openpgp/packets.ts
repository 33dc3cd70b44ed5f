/**
 * The packets of OpenPGP keys: no more than which keys a file holds. The program that verifies reads them itself.
 * @see RFC 9580, 4.2 "Packet Headers"
 */
import { createHash } from 'node:crypto';

/** One packet. */
export interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

/** Tags of the packets that begin keys. */
export const packetTags = { secretKey: 5, publicKey: 6 } as const;

/**
 * Read packets.
 * @returns undefined when the bytes are no sequence of packets of known length, as those of keys are
 */
export function readPackets(bytes: Buffer): readonly Packet[] | undefined {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; ) {
    const head = readHead(bytes, at);
    if (head === undefined || head.start + head.length > bytes.length) return undefined;
    packets.push({ tag: head.tag, body: bytes.subarray(head.start, head.start + head.length) });
    at = head.start + head.length;
  }
  return packets;
}

interface PacketHead {
  readonly tag: number;
  readonly start: number;
  readonly length: number;
}

function readHead(bytes: Buffer, at: number): PacketHead | undefined {
  const first = bytes[at] ?? 0;
  if ((first & 0x80) === 0) return undefined;
  return (first & 0x40) === 0 ? readOldHead(bytes, at, first) : readNewHead(bytes, at, first & 0x3f);
}

/** The two lowest bits say how many octets the length has. Three stand for one without end. */
function readOldHead(bytes: Buffer, at: number, first: number): PacketHead | undefined {
  const octets = [1, 2, 4][first & 0x03];
  if (octets === undefined || at + 1 + octets > bytes.length) return undefined;
  return {
    tag: (first >> 2) & 0x0f,
    start: at + 1 + octets,
    length: bytes.readUIntBE(at + 1, octets),
  };
}

/** A length of one, two or five octets. Partial lengths are for data. */
function readNewHead(bytes: Buffer, at: number, tag: number): PacketHead | undefined {
  const [one = 0, two = 0] = bytes.subarray(at + 1, at + 3);
  if (one < 192) return { tag, start: at + 2, length: one };
  if (one < 224) return { tag, start: at + 3, length: ((one - 192) << 8) + two + 192 };
  if (one !== 255 || at + 6 > bytes.length) return undefined;
  return { tag, start: at + 6, length: bytes.readUInt32BE(at + 2) };
}

/**
 * The fingerprint of a key of version 4, in capital hexadecimal digits as `gpg` prints it.
 * @returns undefined for other versions
 * @see RFC 9580, 5.5.4 "Key IDs and Fingerprints"
 */
export function fingerprintOfKey(body: Buffer): string | undefined {
  if (body[0] !== 4 || body.length > 0xffff) return undefined;
  const head = Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
  return createHash('sha1').update(head).update(body).digest('hex').toUpperCase();
}
