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

test('GET /info shows mirrors, insecure registries and proxies, without the passwords', async () => {
  await using api = await startTestApi(engineWith([], {}));
  const { body } = await send(api.socket, 'GET', '/info');
  const { RegistryConfig, HttpProxy, HttpsProxy, NoProxy } = JSON.parse(body);
  assert.deepEqual([HttpProxy, HttpsProxy, NoProxy], ['', 'http://xxxxx:xxxxx@proxy.example:3128', '.lan']);
  assert.deepEqual(RegistryConfig.Mirrors, ['https://mirror.example/']);
  assert.deepEqual(RegistryConfig.IndexConfigs['docker.io'].Mirrors, ['https://mirror.example/']);
  assert.deepEqual(RegistryConfig.IndexConfigs['reg.example:5000'].Secure, false);
  assert.deepEqual(RegistryConfig.InsecureRegistryCIDRs, ['::1/128', '127.0.0.0/8', '10.0.0.0/8']);
  assert.doesNotMatch(body, /secret/);
});
