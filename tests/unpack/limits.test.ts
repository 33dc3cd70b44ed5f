/**
 * Archives and hosts at their limits: each unpacking stops with an error that names the limit.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { UnpackLimits } from '@outboard/container';
import { needsRoot } from '../support/needs-root.ts';
import { mountSmallTmpfs } from '../support/small-tmpfs.ts';
import { type TarEntryFields, tarArchive, tarEntry } from '../support/tar.ts';
import { type Layer, makeUnpackRoot } from '../support/unpack-root.ts';

const file = (name: string, content: string | Buffer = 'x'): TarEntryFields => ({ name, content });
const megabyte = 1024 * 1024;

const refused: readonly {
  readonly title: string;
  readonly layers: readonly Layer[];
  readonly limits?: Partial<UnpackLimits>;
  readonly message: RegExp;
}[] = [
  {
    title: 'A34 an archive that ends inside a file',
    layers: [tarEntry(file('a', Buffer.alloc(1000))).subarray(0, 900)],
    message: /truncated inside an entry's content/,
  },
  {
    title: 'A34 gzip data that is cut',
    layers: [gzipSync(tarArchive([file('a')])).subarray(0, -4)],
    message: /damaged or truncated/,
  },
  {
    title: 'A35 padding after the end, beyond the limit of bytes',
    layers: [Buffer.concat([tarArchive([file('a')]), Buffer.alloc(megabyte)])],
    limits: { maxBytes: megabyte },
    message: /layers unpack to more than 1048576 bytes/,
  },
  {
    title: 'A38 a gzip bomb of 1:1000',
    layers: [gzipSync(tarArchive([file('zeros', Buffer.alloc(64 * megabyte))]))],
    limits: { maxBytes: 8 * megabyte },
    message: /layers unpack to more than 8388608 bytes/,
  },
  {
    title: 'A38 layers that are small each and large together',
    layers: [1, 2, 3].map(() => [file('a', Buffer.alloc(megabyte))]),
    limits: { maxBytes: 2.5 * megabyte },
    message: /layers unpack to more than/,
  },
  {
    title: 'A38 gzip inside gzip',
    layers: [gzipSync(gzipSync(tarArchive([file('a')])))],
    message: /malformed tar archive/,
  },
  {
    title: 'A38 compressed data that unpacks to nothing, more than there may be of it',
    layers: [Buffer.concat(Array(100_000).fill(gzipSync('')))],
    limits: { maxCompressedBytes: megabyte },
    message: /layers have more than 1048576 bytes/,
  },
  {
    title: 'A37 a path of 256 components',
    layers: [[file(`${'d/'.repeat(255)}f`)]],
    message: /"d\/d\/.*"… has 256 path components, the limit is 255/,
  },
  {
    title: 'A37 a whiteout of 256 components',
    layers: [[file('a')], [file(`${'d/'.repeat(255)}.wh.f`)]],
    message: /has 256 path components, the limit is 255/,
  },
  {
    title: 'A37 a link whose target takes 513 steps',
    layers: [[{ type: 'symlink', name: 'l', linkName: `${'d/../'.repeat(256)}f` }]],
    message: /^link "l" to "d\/.*": its target has 513 path components, the limit is 512/,
  },
  {
    title: 'A39 too many entries over all layers',
    layers: [
      [file('a'), file('b')],
      [file('c'), file('d')],
    ],
    limits: { maxEntries: 3 },
    message: /layers unpack to more than 3 entries/,
  },
  {
    title: 'A39 too many directories that no entry names',
    layers: [[file('d/'.repeat(100).concat('f'))]],
    limits: { maxEntries: 50 },
    message: /layers unpack to more than 50 entries/,
  },
  {
    title: 'A40 garbage after gzip data',
    layers: [Buffer.concat([gzipSync(tarArchive([file('a')])), Buffer.from('garbage')])],
    message: /gzip/,
  },
  {
    title: 'A41 xz',
    layers: [Buffer.from('fd377a585a000004e6d6b446', 'hex')],
    message: /xz are not supported/,
  },
  {
    title: 'A41 bytes of no format',
    layers: [Buffer.alloc(2048, 'garbage ')],
    message: /malformed tar archive/,
  },
];

for (const { title, layers, limits, message } of refused) {
  test(`unpacking refuses ${title}`, { skip: needsRoot }, async () => {
    using place = makeUnpackRoot();
    await assert.rejects(place.unpack(layers, limits), { kind: 'invalid', message });
  });
}

test('A45 unpacking ends before it takes space that is to stay free', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  const layers = [gzipSync(tarArchive([file('zeros', Buffer.alloc(33 * megabyte))]))];
  await assert.rejects(place.unpack(layers, { freeSpaceReserve: 2 ** 50 }), {
    kind: 'system',
    code: 'no-space',
    message: /root filesystem: .* stay free \(free-space-reserve\)$/,
  });
  await place.unpack(layers, { freeSpaceReserve: 0 });
});

test('A38 unpacking is limited in processor time', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  await using jail = place.open({ maxCpuSeconds: 1, maxBytes: 2 ** 50, maxCompressedBytes: 2 ** 50 });
  const member = gzipSync(Buffer.alloc(16 * megabyte));
  const endless = async function* () {
    yield gzipSync(tarArchive([file('a')]));
    for (;;) yield member;
  };
  await assert.rejects(jail.apply(endless()), {
    kind: 'system',
    message: 'the unpack jail took more than 1 seconds of processor time, the limit for all layers',
  });
});

test('A35 unpacking accepts an archive without end marker, and an empty one', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  const layers = [tarEntry(file('a')), Buffer.alloc(0), gzipSync(Buffer.alloc(0)), Buffer.alloc(1024)];
  const applied = await place.unpack(layers);
  assert.deepEqual(
    applied.map(({ entries, compression }) => [entries, compression]),
    [
      [1, 'none'],
      [0, 'none'],
      [0, 'gzip'],
      [0, 'none'],
    ],
  );
  assert.deepEqual(place.tree(), { a: 'file x' });
});

test('A40 unpacking joins gzip members and ignores zeros behind them', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  const archive = tarArchive([file('a', Buffer.alloc(5000, 'a')), file('b')]);
  const members = [archive.subarray(0, 700), archive.subarray(700)].map((part) => gzipSync(part));
  const [gzipped] = await place.unpack([Buffer.concat([...members, Buffer.alloc(700)])]);
  const [plain] = await place.unpack([archive]);
  assert.equal(gzipped?.diffId, plain?.diffId);
  assert.equal(gzipped?.size, archive.length);
});

test('A45 a full disk is reported as an error of the host, and leaves no process in the jail', {
  skip: needsRoot,
}, async () => {
  await using disk = await mountSmallTmpfs({ bytes: megabyte });
  using place = makeUnpackRoot(disk.path);
  await assert.rejects(place.unpack([[file('a', Buffer.alloc(3 * megabyte))]]), {
    kind: 'system',
    code: 'ENOSPC',
    message: 'cannot write "/a": no space left on device',
  });
});

test('A45 a disk without inodes is reported as an error of the host', { skip: needsRoot }, async () => {
  await using disk = await mountSmallTmpfs({ bytes: megabyte, inodes: 12 });
  using place = makeUnpackRoot(disk.path);
  const files = Array.from({ length: 20 }, (_, index) => file(`f${index}`));
  await assert.rejects(place.unpack([files]), {
    kind: 'system',
    code: 'ENOSPC',
    message: /cannot create "\/f\d+"/,
  });
});
