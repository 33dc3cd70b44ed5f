import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SignatureProblem } from '../document/signature-problem.ts';
import { decodeArmor } from './armor.ts';
import { type Packet, readPackets } from './packets.ts';
import { readStatusLines } from './status-lines.ts';

/** Encode a packet with a head of the new format, or of the old one for lower tags. */
function encode({ tag, body }: Packet, isOld: boolean): Buffer {
  if (isOld && tag < 16) {
    const head = Buffer.from([0x82 | (tag << 2), 0, 0, 0, 0]);
    head.writeUInt32BE(body.length, 1);
    return Buffer.concat([head, body]);
  }
  const { length } = body;
  if (length < 192) return Buffer.concat([Buffer.from([0xc0 | tag, length]), body]);
  const rest = length - 192;
  return Buffer.concat([Buffer.from([0xc0 | tag, 192 + (rest >> 8), rest & 0xff]), body]);
}

const packets = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 63 }), fc.uint8Array({ maxLength: 1000 }), fc.boolean()),
  { maxLength: 8 },
);

test('readPackets() reads back every packet', () => {
  fc.assert(
    fc.property(packets, (items) => {
      const wanted = items.map(([tag, body]) => ({ tag, body: Buffer.from(body) }));
      const bytes = Buffer.concat(wanted.map((packet, at) => encode(packet, items[at]?.[2] === true)));
      assert.deepEqual(readPackets(bytes), wanted);
    }),
  );
});

test('readPackets() and decodeArmor() take any bytes, and read nothing beyond them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const read = readPackets(Buffer.from(bytes)) ?? [];
      assert.ok(read.reduce((sum, { body }) => sum + body.length, 0) <= bytes.length);
      decodeArmor(Buffer.from(bytes));
    }),
  );
});

const [key, subkey] = ['A'.repeat(40), 'B'.repeat(40)];
const good = [
  'PLAINTEXT 62 1 p',
  'NEWSIG',
  `GOODSIG ${key.slice(24)} Acme`,
  `VALIDSIG ${subkey} 2026-11-30 1796038901 0 4 0 22 8 00 ${key}`,
];

function judge(...lines: readonly string[]) {
  return readStatusLines(lines.map((line) => `[GNUPG:] ${line}\n`).join(''));
}

test('readStatusLines() takes one valid signature, and names the primary key', () => {
  assert.deepEqual(judge(...good), { fingerprint: key, signedAt: new Date(1796038901000) });
});

for (const [title, lines] of [
  ['nothing', []],
  ['no text', good.slice(1)],
  ['two texts', ['PLAINTEXT 62 1 p', ...good]],
  ['two signatures', [...good, ...good.slice(1)]],
  ['a signature that is good and bad', [...good, `BADSIG ${key} Acme`]],
  ['an expired key beside', [...good, `EXPKEYSIG ${key} Acme`]],
  ['a line that is unknown', [...good, 'UNKNOWN 1']],
  ['a failure', [...good, 'FAILURE gpgv 1']],
  ['a fingerprint that is none', [...good.slice(0, 3), 'VALIDSIG x 2026-11-30 1796038901']],
] as const) {
  test(`readStatusLines() refuses ${title}`, () => {
    assert.throws(() => judge(...lines), SignatureProblem);
  });
}
