import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { definePlugin, type Endpoint } from '@outboard/sdk';
import { openDriver } from './driver.ts';

const context = { signal: new AbortController().signal };
const endpoint = { id: '0123456789abcdef' } as Endpoint;

test('a container gets one end of a pair of interfaces', async () => {
  const calls: string[] = [];
  const driver = openDriver(async (...args) => calls.push(args.join(' ')));
  assert.deepEqual(await driver.join(endpoint, '/var/run/netns/x', context), {
    interface: { name: 'pc0123456789', prefix: 'eth' },
  });
  await driver.deleteEndpoint(endpoint, context);
  assert.deepEqual(calls, [
    'link add ph0123456789 type veth peer name pc0123456789',
    'link set ph0123456789 up',
    'link delete ph0123456789',
  ]);
});

test('config.json names what the plugin serves', async () => {
  const config = JSON.parse(await readFile('config.json', 'utf8'));
  const plugin = definePlugin({ name: '__NAME__', network: openDriver() });
  assert.deepEqual(config.interface.types, plugin.interfaceTypes);
});
