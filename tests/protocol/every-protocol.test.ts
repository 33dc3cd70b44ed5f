/** Rules for all protocols, each with a method of its client and a plugin in a container. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Capability,
  createAuthorizationPlugin,
  createIpamDriver,
  createLogDriver,
  createMetricsCollector,
  createNetworkDriver,
  createSecretProvider,
  createVolumeDriver,
  isOutboardError,
  type PluginClient,
} from '@outboard/engine';
import type { JsonObject } from '@outboard/oci';
import type { DriverCall } from '@outboard/protocol';
import { needsRoot } from '../support/needs-root.ts';
import { useProtocolPlugin } from './protocol-plugin.ts';

const plugin = useProtocolPlugin(
  'volumedriver',
  'networkdriver',
  'ipamdriver',
  'authz',
  'logdriver',
  'metricscollector',
  'secretprovider',
);

interface Protocol {
  readonly capability: Capability;
  /** A call that is sent once, without retries. */
  readonly method: string;
  call(client: PluginClient, call: DriverCall): Promise<unknown>;
  /** Response of the plugin in place of the usual one. */
  readonly answer?: JsonObject;
  /** Result for a good response, as JSON. */
  readonly result: unknown;
}

const endpoint = { networkId: 'n', endpointId: 'e' };

/** Clients that read responses by the rules of Go's decoder. */
const protocols: readonly Protocol[] = [
  {
    capability: 'volumedriver',
    method: 'VolumeDriver.Mount',
    call: (client, call) => createVolumeDriver(client).mount('v', 'id', call),
    result: '/mnt/v',
  },
  {
    capability: 'networkdriver',
    method: 'NetworkDriver.CreateEndpoint',
    call: (client, call) => createNetworkDriver(client).createEndpoint({ ...endpoint, options: {} }, call),
    result: { address: '', addressIpv6: 'fd00::2/64', macAddress: '02:42:ac:11:00:02' },
  },
  {
    capability: 'ipamdriver',
    method: 'IpamDriver.RequestAddress',
    call: (client, call) => createIpamDriver(client).requestAddress({ poolId: 'p' }, call),
    result: { address: '10.0.0.2/16', data: {} },
  },
  {
    capability: 'logdriver',
    method: 'LogDriver.StartLogging',
    answer: { Err: '' },
    call: (client, call) => createLogDriver(client).startLogging('/run/docker/logging/x', { id: 'c' }, call),
    result: undefined,
  },
  {
    capability: 'secretprovider',
    method: 'SecretProvider.GetSecret',
    call: (client, call) => createSecretProvider(client).getSecret({ secretName: 's' }, call),
    result: { value: { type: 'Buffer', data: [...Buffer.from('hidden')] }, doNotReuse: true },
  },
];

const toJson = (value: unknown) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return 'success';
  } catch (error) {
    return isOutboardError(error) ? error.code : String(error);
  }
}

describe('every protocol', { skip: needsRoot }, () => {
  for (const { capability, method, answer, call, result } of protocols) {
    const prepare = async (behaviour: string) => {
      const { client } = await plugin().driver(capability);
      await plugin().behave(method, behaviour, answer);
      await plugin().calls();
      return (given: DriverCall = {}) => call(client, given);
    };
    const callsSeen = async () => (await plugin().calls()).filter((seen) => seen.method === method).length;

    for (const behaviour of ['ok', 'odd-case', 'trailing']) {
      test(`${method} reads a reply that is ${behaviour}`, async () => {
        const ask = await prepare(behaviour);
        assert.deepEqual(toJson(await ask()), toJson(result));
      });
    }

    for (const behaviour of ['err-200', 'error-200', 'err-500', 'text-500']) {
      test(`${method} fails once, with the plugin's error text, for ${behaviour}`, async () => {
        const ask = await prepare(behaviour);
        const words =
          method.startsWith('Secret') && behaviour === 'text-500' ? 'status 500' : 'the driver says no';
        await assert.rejects(ask(), { kind: 'system', code: 'plugin-error', message: `${method}: ${words}` });
        assert.equal(await callsSeen(), 1);
      });
    }

    test(`${method} fails for a plugin that does not know it`, async () => {
      const ask = await prepare('missing');
      await assert.rejects(ask(), (error) => isOutboardError(error) && error.details?.status === 404);
    });

    for (const behaviour of ['malformed', 'empty']) {
      test(`${method} refuses a reply that is ${behaviour}`, async () => {
        const ask = await prepare(behaviour);
        assert.equal(await codeOf(ask()), 'plugin-reply-malformed');
      });
    }

    test(`${method} treats null fields and a null reply alike`, async () => {
      const withFields = await codeOf((await prepare('null-fields'))());
      const without = await codeOf((await prepare('null'))());
      assert.equal(withFields, without);
      assert.ok(['success', 'plugin-reply-malformed'].includes(String(without)), String(without));
    });

    test(`${method} fails for a hanging plugin after the time limit, and when its signal aborts`, async () => {
      const ask = await prepare('hang');
      assert.equal(await codeOf(ask({ timeoutMs: 50 })), 'plugin-timeout');
      const reason = new Error('enough');
      const controller = new AbortController();
      const asking = ask({ signal: controller.signal });
      controller.abort(reason);
      await assert.rejects(asking, reason);
    });

    test(`${method} is not retried when the connection drops`, async () => {
      const ask = await prepare('drop');
      assert.equal(await codeOf(ask()), 'plugin-connection-lost');
      assert.equal(await callsSeen(), 1);
    });
  }

  test('AuthZPlugin.AuthZReq and MetricsCollector.StartMetrics reach plugins by name', async () => {
    const authorization = createAuthorizationPlugin((await plugin().driver('authz')).client);
    const request = { method: 'GET', uri: '/v1.43/info', headers: {} };
    assert.deepEqual(await authorization.authorizeRequest(request), { allowed: true });
    await plugin().behave('AuthZPlugin.AuthZReq', 'odd-case');
    assert.deepEqual(await authorization.authorizeRequest(request), { allowed: true });
    await plugin().behave('AuthZPlugin.AuthZReq', 'null');
    assert.equal((await authorization.authorizeRequest(request)).allowed, false);
    const metrics = createMetricsCollector((await plugin().driver('metricscollector')).client);
    await metrics.startMetrics();
    await plugin().behave('MetricsCollector.StartMetrics', 'err-500');
    await assert.rejects(metrics.startMetrics(), { code: 'plugin-error' });
  });

  test('a query is retried when its reply was lost, and reaches a restarted plugin', async () => {
    const { client } = await plugin().driver('volumedriver');
    const volumes = createVolumeDriver(client);
    await plugin().behave('VolumeDriver.List', 'drop');
    await plugin().calls();
    const listing = volumes.list();
    // The second attempt follows a second after the first one broke.
    for (;;) {
      const seen = (await plugin().calls()).filter(({ method }) => method === 'VolumeDriver.List');
      if (seen.length > 0) break;
    }
    await plugin().behave('VolumeDriver.List', 'ok');
    assert.deepEqual(await listing, [{ name: 'v', mountpoint: '' }]);
    const { home, name } = plugin();
    await home.engine.disable(name);
    await assert.rejects(plugin().driver('volumedriver'), { message: `plugin ${name} found but disabled` });
    await home.engine.enable(name);
    const again = createVolumeDriver((await plugin().driver('volumedriver')).client);
    assert.deepEqual(await again.list(), [{ name: 'v', mountpoint: '' }]);
  });

  test('a plugin is not found by a capability that it lacks', async () => {
    const { home } = plugin();
    await assert.rejects(home.engine.drivers.find('acme/other', 'logdriver'), { kind: 'not-found' });
  });
});
