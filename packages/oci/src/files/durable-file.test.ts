import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isUnfinishedWrite, makeDirectoryDurably, syncDirectory, writeFileDurably } from './durable-file.ts';

async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'outboard-durable-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describe('writeFileDurably()', () => {
  it('creates and replaces a file with the given mode, and leaves no other file', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'config.json');
    await writeFileDurably(file, 'old', { mode: 0o600 });
    await writeFileDurably(file, Buffer.from('new'), { mode: 0o666 });
    assert.equal(await readFile(file, 'utf8'), 'new');
    assert.equal((await stat(file)).mode & 0o7777, 0o666);
    assert.deepEqual(await readdir(directory.path), ['config.json']);
  });

  it('leaves the old file and nothing else when it fails', async () => {
    await using directory = await temporaryDirectory();
    const taken = join(directory.path, 'taken');
    await mkdir(join(taken, 'child'), { recursive: true });
    await assert.rejects(writeFileDurably(taken, 'new', { mode: 0o600 }), { kind: 'system' });
    await assert.rejects(writeFileDurably(join(directory.path, 'no', 'file'), 'new', { mode: 0o600 }), {
      kind: 'system',
      message: /^cannot write file at ".*no\/file": ENOENT, no such file or directory$/,
    });
    assert.deepEqual(await readdir(directory.path), ['taken']);
    assert.deepEqual(await readdir(taken), ['child']);
  });

  it('leaves the complete content of one of many concurrent writes', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'f');
    const contents = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(1000));
    await Promise.all(contents.map((text) => writeFileDurably(file, text, { mode: 0o600 })));
    assert.ok(contents.includes(await readFile(file, 'utf8')));
    assert.deepEqual(await readdir(directory.path), ['f']);
  });
});

describe('isUnfinishedWrite()', () => {
  it('recognizes only the names that an interrupted write leaves', () => {
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
  it('creates a directory with its parents, and keeps the mode of one that exists', async () => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, 'a'), { mode: 0o750 });
    await makeDirectoryDurably(join(directory.path, 'a', 'b', 'c'), { mode: 0o700 });
    await makeDirectoryDurably(join(directory.path, 'a', 'b', 'c'), { mode: 0o755 });
    assert.equal((await stat(join(directory.path, 'a'))).mode & 0o777, 0o750);
    for (const name of ['a/b', 'a/b/c']) {
      assert.equal((await stat(join(directory.path, name))).mode & 0o777, 0o700, name);
    }
  });

  it('refuses a file, and a path through a file', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'file');
    await writeFile(file, '');
    await assert.rejects(makeDirectoryDurably(join(file, 'b'), { mode: 0o700 }), { kind: 'system' });
    await assert.rejects(makeDirectoryDurably(file, { mode: 0o700 }), { kind: 'system' });
  });
});

describe('syncDirectory()', () => {
  it('names the directory that it could not flush', async () => {
    await using directory = await temporaryDirectory();
    await syncDirectory(directory.path);
    await assert.rejects(syncDirectory(join(directory.path, 'none')), {
      kind: 'system',
      message: /^cannot flush directory at ".*none": ENOENT, no such file or directory$/,
    });
  });
});
