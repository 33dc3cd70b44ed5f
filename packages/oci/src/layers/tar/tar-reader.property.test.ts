import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isOutboardError } from '../../errors/outboard-error.ts';
import { endMarker, listArchive, rawEntry, rawHeader, rawLong, rawPax } from '../../testing/raw-archive.ts';

/** One entry or header of each kind, so that a mutation can change every field of every kind. */
const seed = Buffer.concat([
  rawPax({ comment: 'global', uid: '5' }, 'g'),
  rawEntry({ name: 'dir/', typeflag: '5', mode: 0o755 }),
  rawPax({
    path: 'dir/long',
    size: '600',
    mtime: '1.5',
    'SCHILY.xattr.user.a': 'b',
    'LIBARCHIVE.xattr.user.b': 'Yg',
  }),
  rawEntry({ name: 'x', size: 0 }, 'c'.repeat(600)),
  rawLong('L', 'n'.repeat(200)),
  rawLong('K', 't'.repeat(200)),
  rawHeader({ name: 'y', typeflag: '2', linkName: 'z', magic: 'ustar  \0' }),
  rawEntry({ name: 'hard', typeflag: '1', linkName: 'dir/long' }),
  rawEntry({ name: 'null', typeflag: '3', deviceMajor: 1, deviceMinor: 3 }),
  rawEntry({ name: 'n', prefix: 'p' }, 'content'),
  endMarker,
]);

const header = fc.record({
  name: fc.string({ maxLength: 20 }),
  size: fc.oneof(fc.nat(2000), fc.string({ maxLength: 12 })),
  mode: fc.oneof(fc.nat(), fc.string({ maxLength: 8 })),
  typeflag: fc.constantFrom('0', '\0', '1', '2', '3', '5', '6', '7', 'x', 'g', 'L', 'K', 'S', 'V'),
  linkName: fc.string({ maxLength: 5 }),
});

/** Correct the checksums after a mutation, so that the code behind the checksum is reached. */
function repairChecksums(archive: Buffer): void {
  for (let at = 0; at + 512 <= archive.length; at += 512) {
    if (archive.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    archive.fill(0x20, at + 148, at + 156);
    const sum = archive.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
}

/** Assert that an archive is either read or refused. */
function readsOrRefuses(archive: Buffer, chunkBytes: number): void {
  try {
    listArchive(archive, [chunkBytes]);
  } catch (error) {
    assert.ok(isOutboardError(error, 'invalid'), String(error));
  }
}

test('createTarReader() reads the same entries for all sizes of chunks', () => {
  const expected = listArchive(seed);
  assert.equal(expected.length, 6);
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1500 })), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(sizes, (chunkSizes) => assert.deepEqual(listArchive(seed, chunkSizes), expected)),
    {
      numRuns: 500,
    },
  );
  assert.deepEqual(listArchive(seed, [1]), expected);
});

test('createTarReader() reads or refuses any mutation of an archive', () => {
  const mutation = fc.record({
    changes: fc.array(fc.tuple(fc.nat(seed.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
    length: fc.oneof(fc.constant(seed.length), fc.nat(seed.length)),
    isRepaired: fc.boolean(),
    chunkBytes: fc.constantFrom(97, 512, 4096, seed.length),
  });
  fc.assert(
    fc.property(mutation, ({ changes, length, isRepaired, chunkBytes }) => {
      const archive = Buffer.from(seed.subarray(0, length));
      for (const [at, byte] of changes) if (at < length) archive[at] = byte;
      if (isRepaired) repairChecksums(archive);
      readsOrRefuses(archive, chunkBytes);
    }),
    { numRuns: 20_000 },
  );
});

test('createTarReader() reads or refuses headers of any fields before content of any kind', () => {
  const archive = fc.array(fc.tuple(header, fc.uint8Array({ maxLength: 100 })), { maxLength: 5 });
  fc.assert(
    fc.property(archive, (entries) => {
      readsOrRefuses(Buffer.concat(entries.map(([fields, content]) => rawEntry(fields, content))), 1000);
    }),
    { numRuns: 5000 },
  );
});

test('createTarReader() reads or refuses arbitrary bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => readsOrRefuses(Buffer.from(bytes), 300)),
    { numRuns: 2000 },
  );
});
