import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mount } from './mount.ts';
import { mountIdOf, type OpenEntry, openByPath, openEntry, openTrustedDirectory } from './open-entry.ts';
import { unmountBelow } from './unmount.ts';

const needsRoot = process.getuid?.() === 0 ? false : 'needs root to mount';

const ways: readonly (readonly [title: string, open: OpenEntry | undefined])[] = [
  ['openat2', undefined],
  ['two steps, for kernels without openat2', openByPath],
];

for (const [title, open] of ways) {
  describe(`openEntry() by ${title}`, () => {
    let home: string;
    let directory: number;

    before(async () => {
      home = await mkdtemp(join(tmpdir(), 'ob-inside-'));
      await mkdir(join(home, 'directory/deep'), { recursive: true });
      await writeFile(join(home, 'file'), '');
      await symlink('/etc', join(home, 'out'));
      await symlink('nowhere', join(home, 'dangling'));
      await symlink('x'.repeat(4000), join(home, 'long'));
      execFileSync('mkfifo', [join(home, 'fifo')]);
      directory = openTrustedDirectory(home);
    });
    after(async () => {
      closeSync(directory);
      await rm(home, { recursive: true });
    });

    test('returns a handle for a directory only', () => {
      const handles = () => readdirSync('/proc/self/fd').length;
      const count = handles();
      const found = openEntry(directory, 'directory', open);
      if (found.type !== 'directory') assert.fail(`want a directory, got ${found.type}`);
      assert.equal(handles(), count + 1);
      assert.equal(mountIdOf(found.handle), mountIdOf(directory));
      const deep = openEntry(found.handle, 'deep', open);
      if (deep.type !== 'directory') assert.fail(`want a directory, got ${deep.type}`);
      for (const { handle } of [found, deep]) closeSync(handle);
      for (const name of ['file', 'fifo', 'out', 'dangling', 'nothing']) openEntry(directory, name, open);
      assert.equal(handles(), count);
    });

    for (const [name, found] of [
      ['file', { type: 'other' }],
      ['fifo', { type: 'other' }],
      ['nothing', { type: 'absent' }],
      ['out', { type: 'link', target: '/etc' }],
      ['dangling', { type: 'link', target: 'nowhere' }],
      ['long', { type: 'link', target: 'x'.repeat(4000) }],
    ] as const) {
      test(`reports ${name} as ${found.type}`, () => {
        assert.deepEqual(openEntry(directory, name, open), found);
      });
    }

    test('does not enter a mount', { skip: needsRoot }, async () => {
      const place = join(home, 'directory');
      mount('none', place, 0, { type: 'tmpfs' });
      try {
        assert.deepEqual(openEntry(directory, 'directory', open), { type: 'mount' });
      } finally {
        await unmountBelow(place);
      }
    });

    test('throws for an invalid name', () => {
      assert.throws(() => openEntry(directory, 'x'.repeat(300), open), { code: 'ENAMETOOLONG' });
    });
  });
}
