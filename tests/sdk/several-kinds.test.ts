/** One plugin of several kinds: the handshake, config types, and each kind on one socket. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  activate,
  createMetricsCollector,
  createSecretProvider,
  createVolumeDriver,
} from '@outboard/protocol';
import { allow, definePlugin, type SecretProvider, type VolumeDriver } from '@outboard/sdk';
import { servePlugin } from './served-plugin.ts';

const volume: VolumeDriver = {
  create: async () => undefined,
  remove: async () => undefined,
  mount: async (name) => `/mnt/${name}`,
  unmount: async () => undefined,
  get: async (name) => ({ name }),
  list: async () => [{ name: 'data' }],
};

const secrets: SecretProvider = {
  async getSecret({ secretName, serviceName, ports }) {
    if (secretName === 'none') return undefined;
    if (secretName === 'large') return { value: new Uint8Array(500 * 1024 + 1) };
    if (secretName === 'empty') return { value: '' };
    return { value: `${secretName} of ${serviceName} on ${ports[0]?.targetPort}`, isForTaskOnly: true };
  },
};

test('a plugin of several kinds names them all, and serves each', async () => {
  const calls: string[] = [];
  const metrics = {
    start: async () => void calls.push('start'),
    stop: async () => void calls.push('stop'),
  };
  const authorization = { authorizeRequest: async () => allow };
  const kinds = { volume, authorization, metrics, secrets };
  assert.deepEqual(definePlugin({ name: 'p', ...kinds }).interfaceTypes, [
    'docker.volumedriver/1.0',
    'docker.authz/1.0',
    'docker.metricscollector/1.0',
    'docker.secretprovider/1.0',
  ]);
  const plugin = await servePlugin(kinds);
  try {
    const implemented = ['VolumeDriver', 'authz', 'MetricsCollector', 'secretprovider'];
    assert.deepEqual(await activate(plugin.client), implemented);
    assert.deepEqual(
      (await createVolumeDriver(plugin.client).list()).map(({ name }) => name),
      ['data'],
    );
    const collector = createMetricsCollector(plugin.client);
    await collector.startMetrics();
    await collector.startMetrics();
    assert.deepEqual(calls, ['start'], 'a repeated StartMetrics starts nothing');
    const request = {
      secretName: 'key',
      serviceName: 'web',
      endpoint: { mode: 0, ports: [{ targetPort: 80 }] },
    };
    const secret = await createSecretProvider(plugin.client).getSecret(request);
    assert.equal(Buffer.from(secret.value).toString(), 'key of web on 80');
    for (const [secretName, reason] of [
      ['none', /secret "none" does not exist/],
      ['empty', /secret "empty" has 0 bytes/],
      ['large', /secret "large" has 512001 bytes: an engine takes 1 to 512000/],
    ] as const)
      await assert.rejects(createSecretProvider(plugin.client).getSecret({ secretName }), reason);
    await plugin.stop();
    assert.deepEqual(calls, ['start', 'stop'], 'a plugin that stops ends its collector');
  } finally {
    await plugin[Symbol.asyncDispose]();
  }
});

test('a plugin without a kind is refused with the kinds that there are', () => {
  assert.throws(() => definePlugin({ name: 'p' }), /plugin "p" serves nothing: give one or more of volume, /);
});
