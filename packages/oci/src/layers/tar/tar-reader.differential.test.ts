/**
 * Archives of known writers must list as GNU tar lists them: `tar -tv` is the reference, the archives are written by GNU
 * tar in each of its formats and by Python.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ListedEntry, listArchive } from '../../testing/raw-archive.ts';
import type { TarEntry } from './tar-entry.ts';

const tarListOptions = ['-tv', '--numeric-owner', '--full-time', '--utc', '--quoting-style=escape'];
const typeLetters: Readonly<Record<TarEntry['type'], string>> = {
  file: '-',
  'hard-link': 'h',
  symlink: 'l',
  'character-device': 'c',
  'block-device': 'b',
  directory: 'd',
  fifo: 'p',
};

let directory = '';

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'outboard-differential-'));
  const tree = join(directory, 'tree');
  mkdirSync(join(tree, 'dir', 'sub'), { recursive: true });
  writeFileSync(join(tree, 'empty'), '');
  writeFileSync(join(tree, 'dir', 'block'), Buffer.alloc(512, 'b'));
  writeFileSync(join(tree, 'dir', 'program'), Buffer.alloc(10_001, 'p'), { mode: 0o755 });
  writeFileSync(join(tree, 'dir', 'space and é'), 'x', { mode: 0o600 });
  symlinkSync('../empty', join(tree, 'dir', 'sub', 'link'));
  linkSync(join(tree, 'dir', 'program'), join(tree, 'dir', 'sub', 'hard'));
  execFileSync('mkfifo', [join(tree, 'fifo')]);
  execFileSync('chmod', ['6755', join(tree, 'dir', 'sub')]);
  if (process.getuid?.() === 0) {
    execFileSync('mknod', [join(tree, 'null'), 'c', '1', '3']);
    execFileSync('mknod', [join(tree, 'disk'), 'b', '8', '17']);
    execFileSync('chown', ['1234:5678', join(tree, 'dir', 'block')]);
  }
  mkdirSync(join(tree, 'long', 'n'.repeat(120), 'm'.repeat(120)), { recursive: true });
  writeFileSync(join(tree, 'long', 'n'.repeat(120), 'm'.repeat(120), 'f'.repeat(90)), 'long');
  symlinkSync('t'.repeat(180), join(tree, 'long', 'link'));
  execFileSync('find', [tree, '-exec', 'touch', '-h', '-d', '@1500000000.25', '{}', '+']);
  utimesSync(join(tree, 'empty'), 1_400_000_000, 1_400_000_000);
});

after(() => rmSync(directory, { recursive: true, force: true }));

describe('createTarReader() lists as GNU tar does', () => {
  for (const format of ['gnu', 'oldgnu', 'pax', 'ustar', 'v7']) {
    test(`archives of GNU tar in the ${format} format`, () => {
      // Paths and devices that the format cannot hold are omitted.
      const isOld = format === 'v7';
      const left = isOld || format === 'ustar' ? ['--exclude=long'] : [];
      if (isOld) left.push('--exclude=null', '--exclude=disk', '--exclude=fifo');
      const archive = join(directory, `${format}.tar`);
      execFileSync('tar', [
        `--format=${format}`,
        ...left,
        '-C',
        join(directory, 'tree'),
        '-cf',
        archive,
        '.',
      ]);
      assertListsAlike(archive);
    });
  }

  test('archives of GNU tar with global PAX records, large owners and old times', () => {
    const archive = join(directory, 'options.tar');
    const options = [
      '--pax-option=globexthdr.name=g,comment=c,mtime=1234567890',
      '--owner=a:3000000',
      '--group=b:4000000',
    ];
    execFileSync('tar', ['--format=pax', ...options, '-C', join(directory, 'tree'), '-cf', archive, '.']);
    assertListsAlike(archive);
    const gnu = join(directory, 'gnu-options.tar');
    execFileSync('tar', [
      '--format=gnu',
      '--owner=a:3000000',
      '-C',
      join(directory, 'tree'),
      '-cf',
      gnu,
      '.',
    ]);
    assertListsAlike(gnu);
  });

  // Python is a second writer, where it is installed.
  const hasPython = spawnSync('python3', ['-c', 'import tarfile']).status === 0;
  for (const format of hasPython ? ['USTAR', 'GNU', 'PAX'] : []) {
    test(`archives of Python in its ${format} format`, () => {
      const archive = join(directory, `python-${format}.tar`);
      const program = `import sys, tarfile
with tarfile.open(sys.argv[1], "w", format=tarfile.${format}_FORMAT) as archive:
    archive.add(sys.argv[2], arcname="./", filter=lambda i: None if "long" in i.name and ${format === 'USTAR' ? 'True' : 'False'} else i)`;
      execFileSync('python3', ['-c', program, archive, join(directory, 'tree')]);
      assertListsAlike(archive);
    });
  }
});

/** Compare our listing with that of `tar -tv`, and the contents with `tar -xO`. */
function assertListsAlike(path: string): void {
  const archive = execFileSync('cat', [path], { maxBuffer: 64 * 1024 * 1024 });
  const listed = listArchive(archive, [10_240, 333]);
  const expected = execFileSync('tar', [...tarListOptions, '-f', path], {
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
  const lines = expected.toString('latin1').trimEnd().split('\n');
  assert.deepEqual(
    listed.map(({ entry }) => line(entry)),
    lines.map(normalise),
  );
  assert.ok(listed.length > 5, 'the archive holds the tree');
  const contents = execFileSync('tar', ['-xOf', path], { maxBuffer: 64 * 1024 * 1024 });
  const files = listed
    .filter(({ entry }) => entry.type === 'file')
    .map(({ content }: ListedEntry) => content);
  assert.ok(Buffer.concat(files).equals(contents), 'the contents are those GNU tar reads');
}

/** GNU tar aligns its columns with spaces; no name of the tree begins with a space. */
function normalise(text: string): string {
  return text.replace(/^(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +/, '$1 $2 $3 $4 $5 ');
}

function line(entry: TarEntry): string {
  const isDevice = entry.type === 'character-device' || entry.type === 'block-device';
  const size = isDevice ? `${entry.deviceMajor},${entry.deviceMinor}` : String(entry.size);
  const link = entry.type === 'symlink' ? ' -> ' : entry.type === 'hard-link' ? ' link to ' : '';
  const name = escapeName(entry.name) + link + escapeName(entry.linkName);
  return `${typeLetters[entry.type]}${permissions(entry.mode)} ${entry.uid}/${entry.gid} ${size} ${time(entry)} ${name}`;
}

/** `--full-time` omits a fraction of 0, and trailing zeros of a fraction. */
function time(entry: TarEntry): string {
  const date = new Date(entry.modifiedAt * 1000).toISOString();
  return `${date.slice(0, 10)} ${date.slice(11, 23).replace(/\.?0+$/, '')}`;
}

function escapeName(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, (byte) => `\\${byte.charCodeAt(0).toString(8)}`);
}

function permissions(mode: number): string {
  const letters = [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'));
  const special: readonly (readonly [number, number, string])[] = [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ];
  for (const [bit, index, letter] of special) {
    if (mode & bit) letters[index] = letters[index] === 'x' ? letter : letter.toUpperCase();
  }
  return letters.join('');
}
