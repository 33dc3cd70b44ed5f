/**
 * Closing an engine that cannot remove all of its files.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { pollUntil, withResolvers } from '@outboard/async';
import { openPluginEngine } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { tarEntry } from '../support/tar.ts';
import { openTestEngine } from '../support/test-engine.ts';

test('a file that cannot be deleted prevents neither closing the engine nor opening the next one', {
  skip: needsRoot,
}, async () => {
  await using opened = await openTestEngine();
  const unpacked = withResolvers<void>();
  const ended = withResolvers<void>();
  async function* context() {
    yield tarEntry({ name: 'rootfs/fixed', content: 'x' });
    // More than all buffers hold, so that the first entry is written.
    for (let count = 0; count < 16; count += 1)
      yield tarEntry({ name: `rootfs/next${count}`, content: Buffer.alloc(1024 * 1024) });
    unpacked.resolve();
    await ended.promise;
  }
  const creating = opened.engine.create({ name: 'unfinished', context: context() });
  const refused = assert.rejects(creating);
  await unpacked.promise;
  const file = await waitForFile(opened.dataRoot, 'fixed');
  // Removal clears the immutable flag, not this one.
  execFileSync('chattr', ['+a', file]);
  const { dataRoot, execRoot } = opened;
  try {
    const closing = opened.engine.close();
    ended.resolve();
    await closing;
    await refused;
    await using next = await openPluginEngine({ dataRoot, execRoot });
    assert.deepEqual(next.list(), []);
    assert.deepEqual((await filesBelow(dataRoot)).filter(isFixed).length, 1);
  } finally {
    execFileSync('chattr', ['-a', file]);
  }
  await using last = await openPluginEngine({ dataRoot, execRoot });
  assert.deepEqual(last.list(), []);
  assert.deepEqual((await filesBelow(dataRoot)).filter(isFixed), []);
});

function isFixed(path: string): boolean {
  return basename(path) === 'fixed';
}

/** Path of the file of that name below a directory, once it exists. */
async function waitForFile(directory: string, name: string): Promise<string> {
  let path: string | undefined;
  const isThere = await pollUntil(
    async () => {
      path = (await filesBelow(directory)).find((file) => basename(file) === name);
      return path !== undefined;
    },
    { timeoutMs: 60_000 },
  );
  assert.ok(isThere && path !== undefined, `no file ${name} below ${directory}`);
  return join(directory, path);
}

function filesBelow(directory: string): Promise<string[]> {
  return readdir(directory, { recursive: true });
}
