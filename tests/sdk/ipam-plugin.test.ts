/** IPAM drivers of the SDK: requests of engines, and the form of failures that IPAM alone has. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createIpamDriver } from '@outboard/protocol';
import type { AddressRequest, IpamDriver, PoolRequest } from '@outboard/sdk';
import { type ServedPlugin, servePlugin } from './served-plugin.ts';

describe('an IPAM driver of the SDK', () => {
  const asked: (PoolRequest | AddressRequest | string)[] = [];
  let running = 0;
  let plugin: ServedPlugin;
  let given = '10.7.0.2/16';

  const driver: IpamDriver = {
    requiresMacAddress: true,
    async requestPool(request) {
      running += 1;
      asked.push(request);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(running, 1, 'calls run one after another');
      running -= 1;
      if (request.pool === '10.8.0.0/16') throw new Error('this pool is taken');
      return { poolId: 'p1', pool: request.pool ?? '10.7.0.0/16', gateway: '10.7.0.1/16' };
    },
    releasePool: async (poolId) => void asked.push(`release ${poolId}`),
    async requestAddress(request) {
      asked.push(request);
      return given;
    },
    releaseAddress: async (poolId, address) => void asked.push(`release ${address} of ${poolId}`),
  };

  before(async () => {
    plugin = await servePlugin({ ipam: driver });
  });
  after(() => plugin[Symbol.asyncDispose]());
  const client = () => createIpamDriver(plugin.client);

  test('gives out pools and addresses, one call after another', async () => {
    assert.deepEqual(await client().capabilities(), {
      requiresMacAddress: true,
      requiresRequestReplay: false,
    });
    assert.deepEqual(await client().defaultAddressSpaces(), {
      local: 'served-local',
      global: 'served-global',
    });
    const request = { addressSpace: 'served-local', options: { a: 'b' } };
    const [pool] = await Promise.all([client().requestPool(request), client().requestPool(request)]);
    assert.deepEqual([pool.poolId, pool.pool], ['p1', '10.7.0.0/16']);
    assert.equal(pool.data.get('com.docker.network.gateway'), '10.7.0.1/16');
    const mac = '02:42:0a:07:00:02';
    const options = { 'com.docker.network.endpoint.macaddress': mac };
    assert.equal(
      (await client().requestAddress({ poolId: 'p1', address: '10.7.0.2', options })).address,
      given,
    );
    await client().requestAddress({
      poolId: 'p1',
      options: { RequestAddressType: 'com.docker.network.gateway' },
    });
    await client().releaseAddress('p1', '10.7.0.2');
    await client().releasePool('p1');
    const [first, , endpoint, gateway, ...releases] = asked;
    assert.deepEqual(first, {
      addressSpace: 'served-local',
      pool: undefined,
      subPool: undefined,
      options: new Map([['a', 'b']]),
      isIpv6: false,
    });
    assert.deepEqual(
      [endpoint, gateway].map(
        (one) => typeof one === 'object' && 'purpose' in one && [one.purpose, one.address, one.macAddress],
      ),
      [
        ['endpoint', '10.7.0.2', mac],
        ['gateway', undefined, undefined],
      ],
    );
    assert.deepEqual(releases, ['release 10.7.0.2 of p1', 'release p1']);
  });

  test('reports failures in both fields that engines read', async () => {
    const request = { AddressSpace: 'served-local', Pool: '10.8.0.0/16' };
    const { status, body } = await plugin.call('IpamDriver.RequestPool', request);
    const message = 'this pool is taken';
    assert.deepEqual([status, body], [500, { Err: message, Error: message }]);
    await assert.rejects(
      client().requestPool({ addressSpace: 'served-local', pool: '10.8.0.0/16' }),
      /is taken/,
    );
  });

  test('refuses an address of the driver without prefix length, which engines cannot use', async () => {
    given = '10.7.0.2';
    const reason = /the driver gave the address "10\.7\.0\.2": want one such as "10\.0\.0\.2\/16"/;
    await assert.rejects(client().requestAddress({ poolId: 'p1' }), reason);
  });

  for (const [method, request, reason] of [
    ['RequestPool', {}, 'field "AddressSpace" is missing'],
    ['RequestPool', { AddressSpace: 'a', SubPool: '10.0.0.0/24' }, 'field "SubPool" needs "Pool"'],
    [
      'RequestPool',
      { AddressSpace: 'a', Pool: '10.0.0.0/33' },
      'field "Pool" is not an address with a prefix length',
    ],
    ['RequestAddress', { Address: '10.0.0.1' }, 'field "PoolID" is missing'],
    [
      'RequestAddress',
      { PoolID: 'p', Address: '10.0.0.1/8' },
      'field "Address" is not an address without a prefix length',
    ],
    ['ReleaseAddress', { PoolID: 'p' }, 'field "Address" is missing'],
    ['ReleasePool', {}, 'field "PoolID" is missing'],
  ] as const) {
    test(`${method} refuses ${JSON.stringify(request)}`, async () => {
      const { status, body } = await plugin.call(`IpamDriver.${method}`, request);
      assert.deepEqual([status, body.Error], [400, `cannot read the request: ${reason}`]);
    });
  }
});
