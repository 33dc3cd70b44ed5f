import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeDirectories } from './make-directories.ts';

describe('makeDirectories()', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-make-'));
  });
  after(() => rm(directory, { recursive: true }));

  test('creates missing directories, returns them, and leaves existing ones unchanged', async () => {
    await mkdir(join(directory, 'a'), { mode: 0o750 });
    const made = await makeDirectories(join(directory, 'a/b/c'), { mode: 0o700 });
    assert.deepEqual(made, [join(directory, 'a/b'), join(directory, 'a/b/c')]);
    assert.deepEqual(await makeDirectories(join(directory, 'a/b/c'), { mode: 0o755 }), []);
    for (const [name, mode] of [
      ['a', 0o750],
      ['a/b', 0o700],
      ['a/b/c', 0o700],
    ] as const) {
      assert.equal((await stat(join(directory, name))).mode & 0o777, mode, name);
    }
  });

  test('creates the same directories once for two concurrent callers', async () => {
    const path = join(directory, 'both/of/them');
    const made = await Promise.all([
      makeDirectories(path, { mode: 0o700 }),
      makeDirectories(path, { mode: 0o700 }),
    ]);
    assert.deepEqual(
      made.flat().sort(),
      ['both', 'both/of', 'both/of/them'].map((name) => join(directory, name)),
    );
  });

  test('follows a link to a directory', async () => {
    await mkdir(join(directory, 'target'));
    await symlink('target', join(directory, 'link'));
    await makeDirectories(join(directory, 'link/below'), { mode: 0o700 });
    assert.ok((await stat(join(directory, 'target/below'))).isDirectory());
  });

  for (const path of [
    '/proc/outboard-none',
    '/proc/outboard-none/deep/er',
    '/sys/outboard-none/x',
    '/proc/self/none',
  ]) {
    test(`fails at ${path}, whose file system refuses new directories`, async () => {
      await assert.rejects(makeDirectories(path, { mode: 0o700 }), {
        kind: 'system',
        message:
          /^cannot make directory at "\/(?:proc|sys)\/[^"]+": (?:ENOENT, the file system of .* refuses new directories|E\w+, [^"]+)$/,
      });
    });
  }

  test('names a file or a dangling link in its path', async () => {
    await writeFile(join(directory, 'file'), '');
    await symlink('nothing', join(directory, 'dangling'));
    await assert.rejects(makeDirectories(join(directory, 'file'), { mode: 0o700 }), /file": ENOTDIR/);
    await assert.rejects(makeDirectories(join(directory, 'file/below/it'), { mode: 0o700 }), /ENOTDIR/);
    await assert.rejects(
      makeDirectories(join(directory, 'dangling/x'), { mode: 0o700 }),
      /dangling": EEXIST, it is a link/,
    );
  });
});
