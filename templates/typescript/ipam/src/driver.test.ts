import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { definePlugin } from '@outboard/sdk';
import { openDriver } from './driver.ts';

const context = { signal: new AbortController().signal };
const options = new Map<string, string>();

test('pools and addresses are given out once, also after a restart', async () => {
  const directory = await mkdtemp(join(tmpdir(), '__NAME__-'));
  try {
    const request = { addressSpace: 'local', options, isIpv6: false };
    const first = await openDriver(directory);
    const { poolId } = await first.requestPool(request, context);
    const wanted = { poolId, purpose: 'endpoint', options } as const;
    assert.equal(await first.requestAddress(wanted, context), '10.200.0.1/24');
    const second = await openDriver(directory);
    assert.equal((await second.requestPool(request, context)).pool, '10.200.1.0/24');
    assert.equal(await second.requestAddress(wanted, context), '10.200.0.2/24');
    await second.releaseAddress(poolId, '10.200.0.1', context);
    assert.equal(await second.requestAddress(wanted, context), '10.200.0.1/24');
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('config.json names what the plugin serves', async () => {
  const directory = await mkdtemp(join(tmpdir(), '__NAME__-'));
  const config = JSON.parse(await readFile('config.json', 'utf8'));
  const plugin = definePlugin({ name: '__NAME__', ipam: await openDriver(directory) });
  await rm(directory, { recursive: true });
  assert.deepEqual(config.interface.types, plugin.interfaceTypes);
});
