/**
 * Owners, modes, times, attributes, devices and names: the tree matches the archive exactly, or a warning reports the
 * difference.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTarReader } from '@outboard/oci';
import { needsRoot } from '../support/needs-root.ts';
import type { TarEntryFields } from '../support/tar.ts';
import { makeUnpackRoot, type UnpackRoot } from '../support/unpack-root.ts';

const file = (name: string | Buffer, content = 'x'): TarEntryFields => ({ name, content });
const directory = (name: string, more: Partial<TarEntryFields> = {}): TarEntryFields => ({
  type: 'directory',
  name,
  ...more,
});

/** Mode, owner and modification time as `4755 0:50 @17`. */
function statusOf(place: UnpackRoot, name: string): string {
  const { mode, uid, gid, mtimeMs } = lstatSync(join(place.root, name));
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid} @${mtimeMs / 1000}`;
}

/** Extended attributes, as GNU tar reads them. */
function attributesOf(place: UnpackRoot, name: string): Record<string, string> {
  const options = ['--format=pax', '--xattrs', '--xattrs-include=*', '--no-recursion', '-cf', '-'];
  const archive = execFileSync('tar', [...options, '-C', place.root, name]);
  const found: Record<string, string> = {};
  const reader = createTarReader({
    onEntry(entry) {
      for (const [key, value] of entry.xattrs) found[key] = value.toString('latin1');
    },
    onContent() {},
    onEntryEnd() {},
  });
  reader.write(archive);
  reader.end();
  return found;
}

test('A25 keeps setid bits, owners and unusual modes exactly, in any order', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  await place.unpack([
    [
      { ...file('su'), mode: 0o4755, mtime: 11 },
      { ...file('su-user'), mode: 0o6711, uid: 1000, gid: 50, mtime: 12 },
      { ...file('locked'), mode: 0, mtime: 13 },
      directory('closed', { mode: 0, mtime: 14 }),
      { ...file('closed/in'), mtime: 15 },
      directory('open', { mode: 0o1777, mtime: 16 }),
      directory('shared', { mode: 0o2775, gid: 50, mtime: 17 }),
      { ...file('shared/roots'), mtime: 18 },
      directory('shared/sub', { mtime: 19 }),
      file('shared/implied/deep'),
      { type: 'symlink', name: 'link', linkName: 'su', uid: 7, gid: 8, mtime: 20 },
      { type: 'fifo', name: 'pipe', mode: 0o4622, uid: 3, mtime: 21 },
    ],
  ]);
  assert.deepEqual(
    [
      'su',
      'su-user',
      'locked',
      'closed',
      'closed/in',
      'open',
      'shared',
      'shared/roots',
      'shared/sub',
      'link',
      'pipe',
    ].map((name) => statusOf(place, name)),
    [
      '4755 0:0 @11',
      '6711 1000:50 @12',
      '0 0:0 @13',
      '0 0:0 @14',
      '644 0:0 @15',
      '1777 0:0 @16',
      '2775 0:50 @17',
      '644 0:0 @18',
      '755 0:0 @19',
      '777 7:8 @20',
      '4622 3:0 @21',
    ],
  );
  assert.match(statusOf(place, 'shared/implied'), /^755 0:0 /);
});

test('A25 a later layer sets owner and mode of a directory, and its time after all content', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  await place.unpack([
    [directory('d', { mode: 0o2750, gid: 9, mtime: 1 }), file('d/a')],
    [directory('d', { mode: 0o711, uid: 4, mtime: 2 }), file('d/b')],
    [directory('./', { mode: 0o751, mtime: 3 })],
  ]);
  assert.equal(statusOf(place, 'd'), '711 4:0 @2');
  assert.equal(statusOf(place, '.'), '751 0:0 @3');
});

test('A33 clamps times to the range of file systems', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  await place.unpack([
    [
      { ...file('fraction'), pax: { mtime: '1700000000.25' } },
      { ...file('early'), pax: { mtime: '-5.5' } },
      { ...file('now'), mtime: 1_700_000_000 },
    ],
  ]);
  assert.match(statusOf(place, 'fraction'), /@1700000000.25$/);
  assert.match(statusOf(place, 'early'), /@0$/);
  assert.match(statusOf(place, 'now'), /@1700000000$/);
});

test('A24 creates devices and fifos with exact numbers', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  await place.unpack([
    [
      { type: 'character-device', name: 'dev/null', major: 1, minor: 3, mode: 0o666 },
      { type: 'block-device', name: 'dev/large', major: 4095, minor: 1_048_575 },
      { type: 'block-device', name: 'dev/zero', major: 0, minor: 0 },
      { type: 'fifo', name: 'dev/pipe' },
    ],
  ]);
  assert.deepEqual(place.tree(), {
    dev: 'directory',
    'dev/null': 'character 1:3',
    'dev/large': 'block 4095:1048575',
    'dev/zero': 'block 0:0',
    'dev/pipe': 'fifo',
  });
  assert.match(statusOf(place, 'dev/null'), /^666 0:0/);
});

for (const [major, minor, message] of [
  [4096, 0, /device major 4096 is out of range/],
  [1, 1_048_576, /device minor 1048576 is out of range/],
  [0, 0, /overlayfs's mark for a removed file/],
] as const) {
  test(`A24 refuses character device ${major}:${minor}`, { skip: needsRoot }, async () => {
    using place = makeUnpackRoot();
    const unpacked = place.unpack([[{ type: 'character-device', name: 'c', major, minor }]]);
    await assert.rejects(unpacked, { kind: 'invalid', message });
  });
}

/** `cap_net_raw=ep` in revision 2 of the kernel's form. */
const netRaw = Buffer.from('0100000200200000000000000000000000000000', 'hex');

test('A26 keeps file capabilities and user attributes, also with an owner and content', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  const pax = { 'SCHILY.xattr.security.capability': netRaw, 'SCHILY.xattr.user.note': 'a\0b' };
  const [applied] = await place.unpack([
    [
      { ...file('ping', 'program'), mode: 0o4755, uid: 5, pax },
      directory('d', { pax: { 'SCHILY.xattr.user.note': 'of a directory' } }),
      { type: 'symlink', name: 'l', linkName: 'x', pax: { 'SCHILY.xattr.user.note': 'links cannot' } },
    ],
  ]);
  assert.deepEqual(attributesOf(place, 'ping'), {
    'security.capability': netRaw.toString('latin1'),
    'user.note': 'a\0b',
  });
  assert.match(statusOf(place, 'ping'), /^4755 5:0/);
  assert.deepEqual(attributesOf(place, 'd'), { 'user.note': 'of a directory' });
  assert.deepEqual(applied?.warnings, ['the file system cannot hold extended attribute "user.note": "l"']);
});

test('A26 refuses file capabilities that the kernel cannot read', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  const pax = { 'SCHILY.xattr.security.capability': 'nonsense' };
  await assert.rejects(place.unpack([[{ ...file('ping'), pax }]]), {
    kind: 'invalid',
    message: /cannot set extended attribute of "\/ping"/,
  });
});

test('A27 drops attributes that would change how the host treats the tree, with a warning', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  const names = ['trusted.overlay.opaque', 'security.selinux', 'security.ima', 'system.posix_acl_access'];
  const pax = Object.fromEntries(names.map((name) => [`SCHILY.xattr.${name}`, 'y']));
  const [applied] = await place.unpack([
    [{ ...file('a'), pax }, directory('d', { pax }), { ...file('b'), pax }],
  ]);
  assert.deepEqual(attributesOf(place, 'a'), {});
  assert.deepEqual(attributesOf(place, 'd'), {});
  assert.deepEqual(
    applied?.warnings,
    names.map((name) => `dropped extended attribute "${name}": "a" and 2 more`),
  );
});

const replacements: Readonly<Record<string, TarEntryFields>> = {
  file: file('n', 'new'),
  directory: directory('n'),
  link: { type: 'symlink', name: 'n', linkName: 'elsewhere' },
  fifo: { type: 'fifo', name: 'n' },
  'hard link': { type: 'hard-link', name: 'n', linkName: 'other' },
};
const replaced: Readonly<Record<string, string>> = {
  file: 'file new',
  directory: 'directory',
  link: 'link elsewhere',
  fifo: 'fifo',
  'hard link': 'file other',
};

for (const [name, entry] of Object.entries(replacements)) {
  test(`A36 the last of two entries with one name is kept: ${name} over each other type`, {
    skip: needsRoot,
  }, async () => {
    for (const before of [
      file('n', 'old'),
      directory('n'),
      file('n/deep/file'),
      { ...replacements.link, name: 'n' },
      { ...replacements.fifo, name: 'n' },
    ]) {
      using place = makeUnpackRoot();
      await place.unpack([[file('other', 'other'), before as TarEntryFields, entry]]);
      const { other, n, ...below } = place.tree();
      assert.equal(other, 'file other');
      assert.equal(n, replaced[name]);
      const keepsContent = name === 'directory' && before.name === 'n/deep/file';
      assert.deepEqual(Object.keys(below), keepsContent ? ['n/deep', 'n/deep/file'] : []);
    }
  });
}

test('A37 keeps names byte for byte: not UTF-8, control characters, 255 bytes', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  const names = [Buffer.from([0xff, 0xfe, 0x80]), Buffer.from('new\nline\x1b[31m'), Buffer.alloc(255, 'n')];
  await place.unpack([
    [...names.map((name) => file(name)), { type: 'symlink', name: 'l', linkName: Buffer.from([0xc3, 0x28]) }],
  ]);
  assert.deepEqual(
    place.tree(),
    Object.fromEntries([...names.map((name) => [name.toString('latin1'), 'file x']), ['l', 'link \xc3(']]),
  );
});

test('A37 refuses a name of 256 bytes and a path longer than the kernel permits', {
  skip: needsRoot,
}, async () => {
  for (const name of ['n'.repeat(256), `${`${'d'.repeat(15)}/`.repeat(254)}${'n'.repeat(32)}`]) {
    using place = makeUnpackRoot();
    await assert.rejects(place.unpack([[file(name)]]), { kind: 'invalid', message: /too long|longer than/ });
  }
});

test('A37 unpacks 2,000 nested directories through links, and removes all of them', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  const deep = 'd/'.repeat(250);
  const further = Array.from({ length: 8 }, (_, index): TarEntryFields[] => [
    { type: 'symlink', name: `shortcut${index + 1}`, linkName: `shortcut${index}/${deep}` },
    file(`shortcut${index + 1}/${deep}f`),
  ]);
  await place.unpack([
    [
      file(`${deep}f`),
      { type: 'symlink', name: 'shortcut0', linkName: deep },
      ...further.flat(),
      file('d', 'a file now'),
    ],
  ]);
  assert.equal(place.tree().d, 'file a file now');
});

test('A37 missing parents behind a link are created at its target, also through ".."', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  await place.unpack([
    [
      { type: 'symlink', name: 'l', linkName: 'gone/../other/./place' },
      file('l/a/b/f'),
      { type: 'symlink', name: 'l2', linkName: '/l/../x' },
      file('l2/f'),
    ],
  ]);
  const tree = place.tree();
  assert.equal(tree['other/place/a/b/f'], 'file x');
  assert.equal(tree['other/x/f'], 'file x');
  assert.equal(tree.gone, 'directory');
});

test('creates missing parent directories with mode 0755', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  mkdirSync(join(place.root, 'there'));
  await place.unpack([[file('there/a/b/c')]]);
  assert.match(statusOf(place, 'there/a'), /^755 0:0/);
  assert.equal(place.tree()['there/a/b/c'], 'file x');
});
