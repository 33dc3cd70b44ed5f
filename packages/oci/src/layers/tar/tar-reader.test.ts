import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  assertRefused,
  endMarker,
  listArchive,
  rawEntry,
  rawHeader,
  rawLong,
  rawPax,
  rawRecord,
  readOnly,
} from '../../testing/raw-archive.ts';
import { createTarReader } from './tar-reader.ts';

const entry = rawEntry({ name: 'next' }, 'content');

/** @param parts an archive without its end marker */
function list(...parts: Buffer[]): string[] {
  return listArchive(Buffer.concat([...parts, endMarker])).map(({ entry, content }) =>
    `${entry.type} ${entry.name.toString('latin1')} ${content.toString('latin1')}`.trimEnd(),
  );
}

describe('createTarReader()', () => {
  test('reads the type of every kind of entry', () => {
    const archive = [
      rawEntry({ name: 'v7', typeflag: '\0', magic: '' }, 'a'),
      rawEntry({ name: 'posix' }, 'b'),
      rawEntry({ name: 'contiguous', typeflag: '7' }, 'c'),
      rawEntry({ name: 'hard', typeflag: '1', linkName: 'posix' }),
      rawEntry({ name: 'soft', typeflag: '2', linkName: 'posix' }),
      rawEntry({ name: 'char', typeflag: '3', deviceMajor: 1, deviceMinor: 3 }),
      rawEntry({ name: 'block', typeflag: '4', deviceMajor: 8, deviceMinor: 0 }),
      rawEntry({ name: 'dir/', typeflag: '5' }),
      rawEntry({ name: 'fifo', typeflag: '6' }),
    ];
    assert.deepEqual(list(...archive), [
      'file v7 a',
      'file posix b',
      'file contiguous c',
      'hard-link hard',
      'symlink soft',
      'character-device char',
      'block-device block',
      'directory dir/',
      'fifo fifo',
    ]);
  });

  test('reads all fields of an entry', () => {
    const { xattrs, name, linkName, ...rest } = readOnly(
      rawPax({ 'SCHILY.xattr.user.a': Buffer.from([0, 0xff, 0x0a]), mtime: '1700000000.25' }),
      rawHeader({
        name: 'c',
        typeflag: '3',
        mode: 0o104755,
        uid: 3,
        gid: 4,
        deviceMajor: 10,
        deviceMinor: 229,
      }),
    );
    assert.deepEqual(rest, {
      type: 'character-device',
      mode: 0o4755,
      uid: 3,
      gid: 4,
      size: 0,
      modifiedAt: 1700000000.25,
      deviceMajor: 10,
      deviceMinor: 229,
    });
    assert.deepEqual([name.toString(), linkName.toString()], ['c', '']);
    assert.deepEqual([...xattrs], [['user.a', Buffer.from([0, 0xff, 0x0a])]]);
  });

  test('joins name and prefix of POSIX headers, a shorter prefix of star, and none of GNU', () => {
    const star = { prefix: `${'p'.repeat(131)}12345678901 123456`, trailer: '\0\0\0\0\0\0\0\0tar\0' };
    assert.equal(readOnly(rawHeader({ name: 'n', prefix: 'p/q' })).name.toString(), 'p/q/n');
    assert.equal(readOnly(rawHeader({ name: 'n', ...star })).name.toString(), `${'p'.repeat(131)}/n`);
    assert.equal(readOnly(rawHeader({ name: 'n', prefix: '123', magic: 'ustar  \0' })).name.toString(), 'n');
  });

  test('reads a file with a trailing slash as a directory, as GNU and BSD tar do', () => {
    assert.deepEqual(list(rawHeader({ name: 'd/', typeflag: '\0' }), entry), [
      'directory d/',
      'file next content',
    ]);
    assert.deepEqual(list(rawHeader({ name: 'd/' }), entry), ['directory d/', 'file next content']);
    const nested = rawEntry({ name: 'd/' }, rawHeader({ name: 'evil' }));
    assertRefused(nested, /directory "d\/" has a size of 512, want 0/);
  });

  test('reads entries other than files without content, ignoring their size field, as Docker does', () => {
    for (const typeflag of ['1', '2', '3', '4', '5', '6']) {
      for (const before of [Buffer.alloc(0), rawPax({ size: '1024' })]) {
        const header = rawHeader({ name: 'n', typeflag, linkName: 'x', size: 512 });
        const listed = list(Buffer.concat([before, header]), entry);
        assert.match(listed[0] ?? '', / n$/, typeflag);
        assert.deepEqual(listed.slice(1), ['file next content'], typeflag);
      }
    }
  });

  test('refuses a link without a target', () => {
    assertRefused(rawHeader({ typeflag: '2' }), /a link has no target/);
  });

  test('throws the same error again after an error, and the errors of the handler', () => {
    const reader = createTarReader({
      onEntry() {
        throw new Error('handler');
      },
      onContent() {},
      onEntryEnd() {},
    });
    assert.throws(() => reader.write(entry), /^Error: handler$/);
    assert.throws(() => reader.write(entry), /^Error: handler$/);
    assert.throws(() => reader.end(), /^Error: handler$/);
  });

  test('names the offset of a malformed header', () => {
    assertRefused(
      Buffer.concat([entry, rawHeader({ checksum: 1 })]),
      /in the header that ends at byte 1536$/,
    );
  });

  test('refuses type flags that layers do not contain', () => {
    for (const typeflag of ['8', 'A', 'D', 'M', 'N', 'V', 'X', '\xff'])
      assertRefused(rawHeader({ typeflag }), /type flag/);
  });
});

describe('createTarReader() on extension headers', () => {
  test('A28 prefers a PAX size to the header, so that content is never read as headers', () => {
    const inner = Buffer.concat([rawHeader({ name: 'evil' }), Buffer.alloc(512)]);
    const outer = Buffer.concat([rawPax({ size: '1024' }), rawHeader({ name: 'outer', size: 0 }), inner]);
    assert.deepEqual(
      listArchive(Buffer.concat([outer, entry])).map(({ entry }) => [entry.name.toString(), entry.size]),
      [
        ['outer', 1024],
        ['next', 7],
      ],
    );
  });

  test('A29 applies PAX records to the next entry only', () => {
    const long = 'L'.repeat(150);
    const archive = [
      rawPax({ mtime: '5', size: '7' }),
      rawLong('L', long),
      rawEntry({ name: 'short', size: 0 }, 'content'),
      entry,
    ];
    const listed = listArchive(Buffer.concat(archive));
    assert.deepEqual(
      listed.map(({ entry }) => [entry.name.toString(), entry.size, entry.modifiedAt]),
      [
        [long, 7, 5],
        ['next', 7, 0],
      ],
    );
    const global = Buffer.concat([rawPax({ path: 'renamed' }), rawPax({ comment: 'c' }, 'g'), entry, entry]);
    assert.deepEqual(list(global), ['file renamed content', 'file next content']);
  });

  test('A29 applies only the last of several extensions of a kind, as Docker does', () => {
    const link = rawHeader({ name: 'n', typeflag: '2', linkName: 'x' });
    const twice = Buffer.concat([rawPax({ path: 'p', mtime: '5' }), rawPax({ mtime: '7' }), entry]);
    assert.deepEqual(
      listArchive(twice).map(({ entry }) => [entry.name.toString(), entry.modifiedAt]),
      [['next', 7]],
    );
    assert.deepEqual(list(rawLong('L', 'a'), rawLong('L', 'b'), entry), ['file b content']);
    assert.equal(readOnly(rawLong('K', 'a'), rawLong('K', 'b'), link).linkName.toString(), 'b');
    assert.deepEqual(list(rawEntry({ typeflag: 'L' }, '\0'), entry), ['file next content']);
    assert.equal(readOnly(rawEntry({ typeflag: 'K' }, ''), link).linkName.toString(), 'x');
  });

  test('A29 refuses an entry with extensions of two kinds, which readers rank differently', () => {
    const pax = rawPax({ path: 'p', linkpath: 'l' });
    const link = rawHeader({ typeflag: '2', linkName: 'x' });
    assertRefused(Buffer.concat([pax, rawLong('L', 'a'), entry]), /both a pax path and a GNU long name/);
    assertRefused(Buffer.concat([pax, rawLong('K', 'a'), link]), /both a pax linkpath and a GNU long name/);
  });

  test('A29 refuses an extension without a following entry', () => {
    const pax = rawPax({ path: 'p' });
    assertRefused(pax, /truncated between an extension header and its entry/);
    assertRefused(Buffer.concat([pax, endMarker]), /not followed by its entry/);
    assert.deepEqual(list(rawPax({ comment: 'an empty git archive' }, 'g')), []);
  });

  test('applies global owners and times to all later entries that do not override them', () => {
    const archive = Buffer.concat([
      rawPax({ uid: '7', mtime: '9', comment: 'x' }, 'g'),
      entry,
      rawPax({ gid: '8' }, 'g'),
      rawPax({ uid: '1' }),
      entry,
    ]);
    assert.deepEqual(
      listArchive(archive).map(({ entry }) => [entry.uid, entry.gid, entry.modifiedAt]),
      [
        [7, 0, 9],
        [1, 8, 9],
      ],
    );
  });

  test('refuses global records that only make sense for one entry', () => {
    for (const keyword of ['path', 'linkpath', 'size', 'SCHILY.xattr.user.a', 'LIBARCHIVE.xattr.user.a']) {
      assertRefused(rawPax({ [keyword]: '1' }, 'g'), /is in a global header/);
    }
  });

  test('reads GNU long names and link targets in either order', () => {
    const [name, target] = ['n'.repeat(300), 't'.repeat(300)];
    for (const parts of [
      [rawLong('L', name), rawLong('K', target)],
      [rawLong('K', target), rawLong('L', name)],
    ]) {
      const entry = readOnly(
        ...parts,
        rawHeader({ name: 'x', typeflag: '2', linkName: 'y', magic: 'ustar  \0' }),
      );
      assert.deepEqual([entry.name.toString(), entry.linkName.toString()], [name, target]);
    }
    assertRefused(rawEntry({ typeflag: 'L' }, 'a\0b\0'), /a GNU long name holds a NUL/);
  });

  test('A31 bounds long names, extension headers, their records and their number', () => {
    const large = 1024 * 1024;
    assertRefused(rawHeader({ typeflag: 'x', size: large + 1 }), /has 1048577 bytes, the limit is 1048576/);
    assertRefused(rawHeader({ typeflag: 'L', size: large + 1 }), /the limit is 1048576/);
    assertRefused(
      Buffer.concat([rawEntry({ typeflag: 'L' }, Buffer.alloc(large, 'a')), entry]),
      /has 1048576 bytes, the limit is 4096/,
    );
    const many = Buffer.concat(
      Array.from({ length: 100_000 }, (_, index) => rawRecord(index.toString(36), '')),
    );
    assertRefused(rawEntry({ typeflag: 'x' }, many), /more than 4096 records/);
    assertRefused(
      Buffer.concat(Array(17).fill(rawPax({ comment: '' }, 'g'))),
      /more than 16 extension headers/,
    );
    const attribute = rawPax({ 'SCHILY.xattr.user.a': Buffer.alloc(65_537) });
    assertRefused(attribute, /"user.a" has 65537 bytes, the limit is 65536/);
  });

  test('A32 refuses every kind of sparse file', () => {
    assertRefused(rawHeader({ typeflag: 'S', magic: 'ustar  \0' }), /sparse not supported/);
    const kinds = [
      { 'GNU.sparse.size': '1', 'GNU.sparse.numblocks': '1' },
      { 'GNU.sparse.map': '0,1', 'GNU.sparse.name': 'x' },
      { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9223372036854775807' },
    ];
    for (const records of kinds) {
      assertRefused(rawPax(records), /sparse not supported/);
      assertRefused(rawPax(records, 'g'), /sparse not supported/);
    }
  });
});

describe('createTarReader() at the end of an archive', () => {
  test('A34 refuses an archive that is truncated in a header, content, padding or extension', () => {
    const cuts: readonly (readonly [Buffer, number, RegExp])[] = [
      [entry, 1, /truncated inside a header/],
      [entry, 511, /truncated inside a header/],
      [entry, 512, /truncated inside an entry's content/],
      [entry, 518, /truncated inside an entry's content/],
      [entry, 519, /truncated inside the padding/],
      [entry, 1023, /truncated inside the padding of an entry, at byte 1023/],
      [rawPax({ path: 'p' }), 515, /truncated inside an extension header/],
      [rawPax({ path: 'p' }), 600, /truncated inside the padding/],
      [Buffer.alloc(512), 5, /truncated inside a header/],
    ];
    for (const [archive, length, message] of cuts) assertRefused(archive.subarray(0, length), message);
  });

  test('A35 accepts an archive without an end marker, with half of one, and an empty one', () => {
    const names = (archive: Buffer) => listArchive(archive).map(({ entry }) => entry.name.toString());
    assert.deepEqual(names(entry), ['next']);
    assert.deepEqual(names(Buffer.concat([entry, Buffer.alloc(512)])), ['next']);
    assert.deepEqual(names(Buffer.alloc(0)), []);
  });

  test('A35 stops at two zero blocks and ignores the bytes after them', () => {
    assert.deepEqual(list(entry, endMarker, rawEntry({ name: 'hidden' }, 'x')), ['file next content']);
    assert.deepEqual(list(entry, endMarker, Buffer.from('not a header')), ['file next content']);
    const reader = createTarReader({ onEntry() {}, onContent() {}, onEntryEnd() {} });
    reader.write(endMarker);
    const megabyte = Buffer.alloc(1024 * 1024);
    for (let count = 0; count < 2048; count++) reader.write(megabyte);
    reader.end();
  });

  test('A35 refuses data after a single zero block', () => {
    assertRefused(Buffer.concat([entry, Buffer.alloc(512), entry]), /single zero block is followed by data/);
  });
});

describe('createTarReader() on names', () => {
  test('A37 keeps names byte for byte', () => {
    const names = ['caf\xe9', '\xff\xfe', 'a\nb', '\x01\x1b[31m', 'x'.repeat(100), ' ', '..', '__proto__'];
    for (const name of names) assert.equal(readOnly(rawHeader({ name })).name.toString('latin1'), name);
    const bytes = Buffer.from('d\xff/\x80\n', 'latin1');
    assert.deepEqual(readOnly(rawPax({ path: bytes }), rawHeader()).name, bytes);
    const deep = 'd/'.repeat(2000);
    assert.equal(readOnly(rawLong('L', deep), rawHeader({ typeflag: '5' })).name.toString(), deep);
  });

  test('A37 accepts a path of 4,096 bytes and refuses a longer one', () => {
    assert.equal(readOnly(rawPax({ path: 'p'.repeat(4096) }), rawHeader()).name.length, 4096);
    assertRefused(
      Buffer.concat([rawPax({ path: 'p'.repeat(4097) }), entry]),
      /has 4097 bytes, the limit is 4096/,
    );
    const link = rawHeader({ typeflag: '2' });
    assertRefused(
      Buffer.concat([rawPax({ linkpath: 'p'.repeat(4097) }), link]),
      /link target .* has 4097 bytes/,
    );
  });
});
