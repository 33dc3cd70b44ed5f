import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isUnfinishedWrite, makeDirectoryDurably, syncDirectory, writeFileDurably } from './durable-file.ts';

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'outboard-durable-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describe('writeFileDurably()', () => {
  it('creates and replaces a file with the mode asked for, and leaves no other', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'config.json');
    await writeFileDurably(file, 'old', { mode: 0o600 });
    await writeFileDurably(file, Buffer.from('new'), { mode: 0o666 });
    assert.equal(await readFile(file, 'utf8'), 'new');
    assert.equal((await stat(file)).mode & 0o7777, 0o666);
    assert.deepEqual(await readdir(folder.path), ['config.json']);
  });

  it('leaves the old file and nothing else when it fails', async () => {
    await using folder = await temporaryFolder();
    const taken = join(folder.path, 'taken');
    await mkdir(join(taken, 'child'), { recursive: true });
    await assert.rejects(writeFileDurably(taken, 'new', { mode: 0o600 }), { kind: 'system' });
    await assert.rejects(writeFileDurably(join(folder.path, 'no', 'file'), 'new', { mode: 0o600 }), {
      kind: 'system',
      message: /^cannot write file at ".*no\/file": ENOENT$/,
    });
    assert.deepEqual(await readdir(folder.path), ['taken']);
    assert.deepEqual(await readdir(taken), ['child']);
  });

  it('ends with one whole content when many write at once', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'f');
    const contents = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(1000));
    await Promise.all(contents.map((text) => writeFileDurably(file, text, { mode: 0o600 })));
    assert.ok(contents.includes(await readFile(file, 'utf8')));
    assert.deepEqual(await readdir(folder.path), ['f']);
  });
});

describe('isUnfinishedWrite()', () => {
  it('knows the names that an interrupted write leaves, and only those', () => {
    assert.equal(isUnfinishedWrite('.config.json.0123456789abcdef.unfinished'), true);
    for (const name of [
      'config.json',
      '.unfinished',
      'x.0123456789abcdef.unfinished',
      '.x.0123.unfinished',
    ]) {
      assert.equal(isUnfinishedWrite(name), false, name);
    }
  });
});

describe('makeDirectoryDurably()', () => {
  it('creates a folder with its parents, and keeps the mode of one that exists', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'a'), { mode: 0o750 });
    await makeDirectoryDurably(join(folder.path, 'a', 'b', 'c'), { mode: 0o700 });
    await makeDirectoryDurably(join(folder.path, 'a', 'b', 'c'), { mode: 0o755 });
    assert.equal((await stat(join(folder.path, 'a'))).mode & 0o777, 0o750);
    for (const name of ['a/b', 'a/b/c']) {
      assert.equal((await stat(join(folder.path, name))).mode & 0o777, 0o700, name);
    }
  });

  it('refuses a path through a file, or one that is a file', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    await assert.rejects(makeDirectoryDurably(join(file, 'b'), { mode: 0o700 }), { kind: 'system' });
    await assert.rejects(makeDirectoryDurably(file, { mode: 0o700 }), { kind: 'system' });
  });
});

describe('syncDirectory()', () => {
  it('tells which folder it could not flush', async () => {
    await using folder = await temporaryFolder();
    await syncDirectory(folder.path);
    await assert.rejects(syncDirectory(join(folder.path, 'none')), {
      kind: 'system',
      message: /^cannot flush folder at ".*none": ENOENT$/,
    });
  });
});
