import assert from 'node:assert/strict';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyTree } from './copy-tree.ts';

async function withDirectory(step: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-copy-'));
  try {
    await step(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('copyTree() copies links as links, and keeps hard links and modes', () =>
  withDirectory(async (directory) => {
    const [from, to] = [join(directory, '-from'), join(directory, '-to')];
    mkdirSync(from, { mode: 0o750 });
    writeFileSync(join(from, 'file'), 'content', { mode: 0o640 });
    linkSync(join(from, 'file'), join(from, 'hard'));
    symlinkSync('/etc/hostname', join(from, 'link'));
    await copyTree(from, to);
    assert.equal(statSync(to).mode & 0o7777, 0o750);
    assert.equal(readlinkSync(join(to, 'link')), '/etc/hostname');
    assert.equal(readFileSync(join(to, 'hard'), 'utf8'), 'content');
    assert.equal(statSync(join(to, 'hard')).ino, statSync(join(to, 'file')).ino);
    assert.notEqual(statSync(join(to, 'file')).ino, statSync(join(from, 'file')).ino);
  }));

test('copyTree() tells why it cannot copy', () =>
  withDirectory(async (directory) => {
    const [from, to] = [join(directory, 'absent'), join(directory, 'to')];
    await assert.rejects(copyTree(from, to), { kind: 'system', message: /cannot copy .*No such file/ });
    assert.ok(!existsSync(to));
    await assert.rejects(copyTree('relative', to), TypeError);
    await assert.rejects(copyTree(directory, to, { signal: AbortSignal.abort(new Error('stop')) }), /stop/);
  }));
