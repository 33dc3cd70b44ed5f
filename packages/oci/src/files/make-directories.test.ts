import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeDirectories } from './make-directories.ts';

describe('makeDirectories()', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outboard-make-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('makes what is missing, tells what it made, and leaves what exists as it is', async () => {
    await mkdir(join(folder, 'a'), { mode: 0o750 });
    const made = await makeDirectories(join(folder, 'a/b/c'), { mode: 0o700 });
    assert.deepEqual(made, [join(folder, 'a/b'), join(folder, 'a/b/c')]);
    assert.deepEqual(await makeDirectories(join(folder, 'a/b/c'), { mode: 0o755 }), []);
    for (const [name, mode] of [
      ['a', 0o750],
      ['a/b', 0o700],
      ['a/b/c', 0o700],
    ] as const) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, mode, name);
    }
  });

  test('makes the same directories for two callers at once', async () => {
    const path = join(folder, 'both/of/them');
    const made = await Promise.all([
      makeDirectories(path, { mode: 0o700 }),
      makeDirectories(path, { mode: 0o700 }),
    ]);
    assert.deepEqual(
      made.flat().sort(),
      ['both', 'both/of', 'both/of/them'].map((name) => join(folder, name)),
    );
  });

  test('follows a link to a directory', async () => {
    await mkdir(join(folder, 'target'));
    await symlink('target', join(folder, 'link'));
    await makeDirectories(join(folder, 'link/below'), { mode: 0o700 });
    assert.ok((await stat(join(folder, 'target/below'))).isDirectory());
  });

  for (const path of [
    '/proc/outboard-none',
    '/proc/outboard-none/deep/er',
    '/sys/outboard-none/x',
    '/proc/self/none',
  ]) {
    test(`ends at ${path}, where no directory can be made, and says so`, async () => {
      await assert.rejects(makeDirectories(path, { mode: 0o700 }), {
        kind: 'system',
        message:
          /^cannot make directory at "\/(?:proc|sys)\/[^"]+": (?:ENOENT, the file system of .* takes no new directories|E\w+)$/,
      });
    });
  }

  test('names the file that is in the way, or the link to nothing', async () => {
    await writeFile(join(folder, 'file'), '');
    await symlink('nothing', join(folder, 'dangling'));
    await assert.rejects(makeDirectories(join(folder, 'file'), { mode: 0o700 }), /file": ENOTDIR/);
    await assert.rejects(makeDirectories(join(folder, 'file/below/it'), { mode: 0o700 }), /ENOTDIR/);
    await assert.rejects(
      makeDirectories(join(folder, 'dangling/x'), { mode: 0o700 }),
      /dangling": EEXIST, it is a link/,
    );
  });
});
