import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { definePlugin } from '@outboard/sdk';
import { openDriver } from './driver.ts';

const context = { signal: new AbortController().signal };

test('volumes are created, found, listed and removed', async () => {
  const root = await mkdtemp(join(tmpdir(), '__NAME__-'));
  try {
    const driver = openDriver(root);
    await driver.create({ name: 'data', options: new Map() }, context);
    assert.equal(await driver.mount('data', context), join(root, 'data'));
    assert.equal((await driver.get('data', context))?.name, 'data');
    assert.deepEqual(
      (await driver.list(context)).map(({ name }) => name),
      ['data'],
    );
    await driver.remove('data', context);
    assert.equal(await driver.get('data', context), undefined);
  } finally {
    await rm(root, { recursive: true });
  }
});

test('names do not leave the root', async () => {
  const driver = openDriver('/nonexistent');
  await assert.rejects(driver.create({ name: '../etc', options: new Map() }, context), /invalid volume name/);
});

test('config.json names what the plugin serves', async () => {
  const config = JSON.parse(await readFile('config.json', 'utf8'));
  const plugin = definePlugin({ name: '__NAME__', volume: openDriver('/nonexistent') });
  assert.deepEqual(config.interface.types, plugin.interfaceTypes);
});
