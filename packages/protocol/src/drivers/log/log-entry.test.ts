import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeLogEntries, encodeLogEntry, type LogEntry, maxLogEntryBytes } from './log-entry.ts';

async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (let index = 0; offset < bytes.length; index += 1) {
    const size = sizes.length === 0 ? bytes.length : (sizes[index % sizes.length] ?? 1);
    yield bytes.subarray(offset, offset + size);
    offset += size;
  }
}

async function decode(bytes: Uint8Array, sizes: readonly number[] = []): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const entry of decodeLogEntries(pieces(bytes, sizes))) entries.push(entry);
  return entries;
}

/** The entry with its line as Uint8Array, for comparisons. */
function plain(entry: LogEntry): object {
  return { ...entry, line: [...entry.line] };
}

function framed(hex: string): Buffer {
  const message = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

const full: LogEntry = {
  source: 'stdout',
  timeNano: 1_700_000_000_123_456_789n,
  line: Buffer.from('hi'),
  partial: true,
  partialMetadata: { last: true, id: 'ab', ordinal: 2 },
};
/** An entry encoded by hand, field by field, as code generated from entry.proto does. */
const fullBytes = framed('0a06 7374646f7574 10 95 9a97ece39fe7cb17 1a02 6869 2001 2a08 0801 1202 6162 1802');

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const text = fc.string({ unit: 'grapheme' }).map((value) => Buffer.from(value).toString());
const entries: fc.Arbitrary<LogEntry> = fc.record(
  {
    source: text,
    timeNano: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    line: fc.uint8Array({ maxLength: 300 }),
    partial: fc.boolean(),
    partialMetadata: fc.record({ last: fc.boolean(), id: text, ordinal: int32 }, { noNullPrototype: true }),
  },
  { requiredKeys: ['source', 'timeNano', 'line', 'partial'], noNullPrototype: true },
);

describe('encodeLogEntry()', () => {
  test('writes the bytes of entry.proto after their length', () => {
    assert.equal(encodeLogEntry(full).toString('hex'), fullBytes.toString('hex'));
  });

  test('leaves out zero values, as proto3 does', () => {
    const empty: LogEntry = { source: '', timeNano: 0n, line: Buffer.alloc(0), partial: false };
    assert.equal(encodeLogEntry(empty).toString('hex'), '00000000');
    const metadata = { last: false, id: '', ordinal: 0 };
    assert.equal(encodeLogEntry({ ...empty, partialMetadata: metadata }).toString('hex'), '000000022a00');
  });

  for (const [name, change] of [
    ['a time of more than 64 bits', { timeNano: 2n ** 63n }],
    ['an ordinal that is not a whole number', { partialMetadata: { last: false, id: '', ordinal: 1.5 } }],
    ['an ordinal of more than 32 bits', { partialMetadata: { last: false, id: '', ordinal: 2 ** 31 } }],
    ['more than 1 MiB', { line: Buffer.alloc(maxLogEntryBytes) }],
  ] as const) {
    test(`refuses ${name}`, () => {
      assert.throws(() => encodeLogEntry({ ...full, ...change }), { kind: 'invalid' });
    });
  }
});

describe('decodeLogEntries()', () => {
  test('reads the bytes of entry.proto', async () => {
    assert.deepEqual((await decode(fullBytes)).map(plain), [plain(full)]);
  });

  test('reads encoded entries, in chunks of any size', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(entries, { maxLength: 6 }), sizes, async (written, sizes) => {
        const read = await decode(Buffer.concat(written.map(encodeLogEntry)), sizes);
        assert.deepEqual(read.map(plain), written.map(plain));
      }),
    );
  });

  test('refuses a stream that ends inside an entry', async () => {
    const bytes = Buffer.concat([fullBytes, fullBytes]);
    for (let length = 1; length < bytes.length; length += 1) {
      if (length === fullBytes.length) continue;
      const cut = bytes.subarray(0, length);
      await assert.rejects(
        decode(cut),
        { code: 'plugin-reply-malformed', message: /cut off/ },
        `${length} bytes`,
      );
    }
  });

  test('reads random bytes as entries or refuses them with a typed error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (message) => {
        const bytes = framed(Buffer.from(message).toString('hex'));
        const read = await decode(bytes).catch((error) => error.code);
        assert.ok(read === 'plugin-reply-malformed' || read.length === 1, `got ${read}`);
      }),
      { numRuns: 500 },
    );
  });

  test('reads an entry without fields, and the last of repeated fields', async () => {
    const [empty] = await decode(framed(''));
    assert.deepEqual(empty && plain(empty), { source: '', timeNano: 0n, line: [], partial: false });
    const [entry] = await decode(framed('0a0161 0a0162 2a020801 2a021805'));
    assert.equal(entry?.source, 'b');
    assert.deepEqual(entry?.partialMetadata, { last: true, id: '', ordinal: 5 });
  });

  test('skips attributes and unknown fields of every wire type', async () => {
    const [entry] = await decode(framed('3206 0a016b 12 0176 3801 41 0102030405060708 4d 01020304 0a0161'));
    assert.equal(entry?.source, 'a');
  });

  for (const [name, bytes] of [
    ['a length of 4 GiB', Buffer.from('ffffffff0a', 'hex')],
    ['a length just above the limit', Buffer.from('00100001', 'hex')],
    ['a field that ends after its entry', framed('0a05 6162')],
    ['a field of 2^64 - 1 bytes', framed('0a ffffffffffffffffff01')],
    ['a number that ends after its entry', framed('10 ff')],
    ['a number of more than ten bytes', framed('10 ffffffffffffffffffff01')],
    ['a number of more than 64 bits', framed('10 ffffffffffffffffff02')],
    ['field number 0', framed('0000')],
    ['a field number that is too large', framed('8080808020 00')],
    ['a group', framed('0b 0c')],
    ['an unknown wire type', framed('0f')],
    ['text where a number belongs', framed('12 0161')],
    ['a number where text belongs', framed('08 01')],
    ['a source that is not UTF-8', framed('0a02 c328')],
    ['broken metadata', framed('2a01 08')],
  ] as const) {
    test(`refuses ${name}`, async () => {
      await assert.rejects(decode(bytes), { kind: 'system', code: 'plugin-reply-malformed' });
    });
  }

  test('stops reading the source when the reader stops early', async () => {
    let isClosed = false;
    async function* source() {
      try {
        for (;;) yield fullBytes;
      } finally {
        isClosed = true;
      }
    }
    for await (const entry of decodeLogEntries(source())) {
      assert.equal(entry.source, 'stdout');
      break;
    }
    assert.equal(isClosed, true);
  });
});
