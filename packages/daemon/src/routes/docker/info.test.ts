import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Capability, PluginDriver } from '@outboard/engine';
import { send } from '../../testing/raw-http.ts';
import { scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

/** @param all names of all volume drivers. @param enabled names of enabled managed plugins by capability */
function engineWith(all: readonly string[], enabled: Partial<Record<Capability, readonly string[]>>) {
  const { drivers } = scriptEngine({});
  // The route reads names only.
  const driver = (name: string) => ({ name }) as PluginDriver;
  return scriptEngine({
    drivers: {
      ...drivers,
      all: async (capability) => (capability === 'volumedriver' ? all.map(driver) : []),
      enabled: (capability) => enabled[capability] ?? [],
    },
  });
}

test('GET /info lists volume drivers, including legacy ones, and enabled network and log plugins', async () => {
  const engine = engineWith(['acme/v:latest', 'zfs', 'legacy'], {
    networkdriver: ['acme/n:latest'],
    logdriver: ['acme/l:latest'],
  });
  await using api = await startTestApi(engine);
  assert.deepEqual(JSON.parse((await send(api.socket, 'GET', '/info')).body).Plugins, {
    Volume: ['acme/v:latest', 'legacy', 'zfs'],
    Network: ['acme/n:latest'],
    Authorization: null,
    Log: ['acme/l:latest'],
  });
});

test('GET /info has empty lists, and null for Authorization, without plugins', async () => {
  await using api = await startTestApi(engineWith([], {}));
  const text = (await send(api.socket, 'GET', '/info')).body;
  assert.match(text, /"Plugins":\{"Volume":\[\],"Network":\[\],"Authorization":null,"Log":\[\]\}/);
});

test('GET /info reports live restore', async () => {
  for (const liveRestore of [true, false]) {
    await using api = await startTestApi(engineWith([], {}), { liveRestore });
    const info = JSON.parse((await send(api.socket, 'GET', '/info')).body);
    assert.equal(info.LiveRestoreEnabled, liveRestore);
  }
});
