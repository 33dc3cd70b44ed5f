import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { decompress, type GzipInflater, isOutboardError } from '@outboard/oci/layers';
import fc from 'fast-check';
import { loadIsal } from './isal.ts';

const isal = loadIsal();
const implementations: readonly (readonly [string, ((chunkBytes: number) => GzipInflater) | undefined])[] = [
  ['zlib', undefined],
  ...(isal === undefined ? [] : [['ISA-L', isal] as const]),
];
const hello = zlib.gzipSync('hello');
const refusal = 'refused: ';
/** Where the library is not installed there is nothing to compare. */
const testIsal: (title: string, run: () => Promise<void>) => void =
  isal === undefined ? () => undefined : test;

/** Output, or the error without the implementation's wording. */
async function outcome(
  bytes: Buffer,
  cut: number,
  makeGzipInflater: ((chunkBytes: number) => GzipInflater) | undefined,
  chunkBytes = 4096,
): Promise<string> {
  async function* source() {
    for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
  }
  try {
    const { content } = await decompress(source(), { makeGzipInflater, chunkBytes });
    const chunks: Buffer[] = [];
    for await (const chunk of content) {
      assert.ok(chunk.length <= chunkBytes);
      chunks.push(Buffer.from(chunk));
    }
    return Buffer.concat(chunks).toString('latin1');
  } catch (error) {
    if (!isOutboardError(error, 'invalid')) throw error;
    assert.match(error.message, /^gzip data is (?:damaged or truncated: |followed by something)/);
    return `${refusal}${error.message}`;
  }
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(changed.length + at) ^ 1, changed.length + at);
  return changed;
}

for (const [name, make] of implementations) {
  describe(`gzip by ${name}`, () => {
    for (const cut of [1, 7, 25, 35, 4096]) {
      const run = (...parts: Buffer[]) => outcome(Buffer.concat(parts), cut, make);
      const zeros = Buffer.alloc(3000);

      test(`A40 members are joined and zeros after them ignored, in chunks of ${cut}`, async () => {
        assert.equal(await run(hello, hello, hello), 'hellohellohello');
        assert.equal(await run(hello, zlib.gzipSync(''), hello, zeros), 'hellohello');
        assert.equal(await run(zlib.gzipSync('')), '');
      });

      test(`A40 anything else after a member is refused, in chunks of ${cut}`, async () => {
        const garbage = Buffer.from('garbage');
        for (const parts of [
          [garbage],
          [zeros, garbage],
          [zeros, hello],
          [zeros, hello, zeros],
          [Buffer.from('1f00', 'hex')],
        ]) {
          assert.match(await run(hello, ...parts), /^refused: gzip data is/);
        }
      });

      test(`A34 a truncated stream, and one with a wrong checksum, is refused, in chunks of ${cut}`, async () => {
        for (let length = 10; length < hello.length; length++) {
          assert.match(await run(hello.subarray(0, length)), /truncated: unexpected end of file/);
          assert.match(await run(hello, hello.subarray(0, length)), /truncated: unexpected end of file/);
        }
        assert.match(await run(flipped(hello, -8)), /truncated: incorrect data check/);
        assert.match(await run(flipped(hello, -4)), /truncated: incorrect/);
      });
    }

    test('A38 one level is decompressed, in chunks of the requested size at most', async () => {
      assert.equal(await outcome(zlib.gzipSync(hello), 5, make), hello.toString('latin1'));
      assert.equal((await outcome(zlib.gzipSync(Buffer.alloc(1_000_000)), 100, make, 512)).length, 1_000_000);
    });
  });
}

const content = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 4000 }))
    .map(([pattern, times]) => new Uint8Array(Buffer.alloc(pattern.length * times, pattern))),
);
const member = fc.tuple(content, fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 4 }));

testIsal('ISA-L gives what zlib gives, whatever the data, the level and the chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(member, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 70_000 }),
      fc.integer({ min: 1, max: 9_000 }),
      async (members, cut, chunkBytes) => {
        const parts = members.map(([data, level, strategy]) => zlib.gzipSync(data, { level, strategy }));
        const expected = Buffer.concat(members.map(([data]) => data)).toString('latin1');
        assert.equal(await outcome(Buffer.concat(parts), cut, isal, chunkBytes), expected);
      },
    ),
  );
});

testIsal(
  'A34 ISA-L takes damaged data for its true content or refuses it, and takes all that zlib takes',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 1, max: 5000 }),
        async (data, where, change, cut) => {
          const bytes = zlib.gzipSync(data);
          const at = 10 + (where % (bytes.length - 10)); // after the header
          bytes.writeUInt8(bytes.readUInt8(at) ^ change, at);
          // Some changes have no effect: in padding bits, or in a distance among equal bytes. ISA-L also takes codes
          // that zlib refuses as incomplete; the checksum then proves the content.
          const [fast, slow] = [await outcome(bytes, cut, isal), await outcome(bytes, cut, undefined)];
          if (!fast.startsWith(refusal)) assert.equal(fast, Buffer.from(data).toString('latin1'));
          else assert.equal(slow.startsWith(refusal), true);
        },
      ),
    );
  },
);
