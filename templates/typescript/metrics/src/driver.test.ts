import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { definePlugin } from '@outboard/sdk';
import { openDriver } from './driver.ts';

const context = { signal: new AbortController().signal };

test('metrics are collected from the start until the stop', async () => {
  const received: string[] = [];
  const driver = openDriver((text) => received.push(text));
  await driver.start({ scrape: async () => 'engine_up 1\n' }, context);
  await driver.stop?.();
  assert.deepEqual(received, ['engine_up 1\n']);
});

test('config.json names what the plugin serves', async () => {
  const config = JSON.parse(await readFile('config.json', 'utf8'));
  const plugin = definePlugin({ name: '__NAME__', metrics: openDriver(() => undefined) });
  assert.deepEqual(config.interface.types, plugin.interfaceTypes);
});
