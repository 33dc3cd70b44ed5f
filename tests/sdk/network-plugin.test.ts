/** Network drivers of the SDK: calls of engines, repeats, restarts, and answers that engines would choke on. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createNetworkDriver, endpointOptions, networkOptions } from '@outboard/protocol';
import type { EndpointAddresses, JoinResult, Network, NetworkDriver } from '@outboard/sdk';
import { type ServedPlugin, servePlugin } from './served-plugin.ts';

const networkId = 'n'.repeat(64);
const ids = { networkId, endpointId: 'e'.repeat(64) };
const wire = { NetworkID: networkId, EndpointID: ids.endpointId };
const joined: JoinResult = {
  interface: { name: 'veth1', prefix: 'eth' },
  gateway: '10.9.0.1',
  gatewayIpv6: 'fd00::1',
  routes: [
    { destination: '10.8.0.0/16', nextHop: '10.9.0.2' },
    { destination: 'fd01::/64', isConnected: true },
  ],
};

describe('a network driver of the SDK', () => {
  const calls: string[] = [];
  const networks: Network[] = [];
  let chosen: EndpointAddresses | undefined;
  let answer: JoinResult;
  let plugin: ServedPlugin;

  /** Notes each call. */
  const driver: NetworkDriver = {
    connectivityScope: 'global',
    async createNetwork(network) {
      calls.push('createNetwork');
      networks.push(network);
    },
    deleteNetwork: async ({ id }) => void calls.push(`deleteNetwork ${id.slice(0, 1)}`),
    async restoreNetwork({ driverOptions }, endpoints) {
      calls.push(`restore ${driverOptions.get('mode')} ${endpoints.map(({ address }) => address)}`);
    },
    async createEndpoint({ network, address }) {
      calls.push(`createEndpoint ${network.driverOptions.get('mode')} ${address}`);
      return chosen;
    },
    deleteEndpoint: async ({ address }) => void calls.push(`deleteEndpoint ${address}`),
    endpointInfo: async ({ macAddress }) => ({ mac: macAddress }),
    async join({ address }, sandboxKey) {
      calls.push(`join ${address} ${sandboxKey}`);
      return answer;
    },
    leave: async () => void calls.push('leave'),
    programExternalConnectivity: async (_endpoint, ports) => void calls.push(JSON.stringify(ports)),
    discoverNew: async ({ address, isSelf }) => void calls.push(`node ${address} ${isSelf}`),
    allocateNetwork: async ({ options }) => new Map([...options, ['vni', '7']]),
  };

  beforeEach(async () => {
    for (const list of [calls, networks]) list.length = 0;
    chosen = { macAddress: '02:42:0a:09:00:05' };
    answer = joined;
    plugin = await servePlugin({ network: driver });
  });
  afterEach(() => plugin[Symbol.asyncDispose]());

  const client = () => createNetworkDriver(plugin.client);
  const pool = { addressSpace: 'local', pool: '10.9.0.0/24', gateway: '10.9.0.1/24' };

  async function connect(): Promise<void> {
    const options = networkOptions({ generic: { mode: 'fast' }, internal: true });
    await client().createNetwork({ networkId, ipv4: [pool], ipv6: [], options });
    await client().createEndpoint({ ...ids, addresses: { address: '10.9.0.5/24' }, options: {} });
  }

  test('lives a life: network, endpoint, container, ports', async () => {
    await connect();
    const [network] = networks;
    assert.deepEqual([network?.isInternal, network?.hasIpv6, network?.ipv6], [true, false, []]);
    assert.deepEqual(network?.ipv4, [{ ...pool, auxAddresses: new Map() }]);
    const result = await client().join({ ...ids, sandboxKey: '/run/netns/c', options: {} });
    assert.deepEqual(result.interfaceName, { source: 'veth1', destinationPrefix: 'eth' });
    assert.deepEqual([result.gateway, result.gatewayIpv6], ['10.9.0.1', 'fd00::1']);
    assert.deepEqual(result.staticRoutes, [
      { type: 'next-hop', destination: '10.8.0.0/16', nextHop: '10.9.0.2' },
      { type: 'connected', destination: 'fd01::/64' },
    ]);
    assert.deepEqual(await client().endpointInfo(ids), { mac: '02:42:0a:09:00:05' });
    const ports = endpointOptions({ portBindings: [{ protocol: 'tcp', port: 80, hostPort: 8080 }] });
    await client().programExternalConnectivity(ids, ports);
    await client().leave(ids);
    await client().deleteEndpoint(ids);
    await client().deleteNetwork(networkId);
    assert.deepEqual(calls, [
      'createNetwork',
      'createEndpoint fast 10.9.0.5/24',
      'join 10.9.0.5/24 /run/netns/c',
      '[{"protocol":"tcp","port":80,"hostPort":8080,"hostPortEnd":8080}]',
      'leave',
      'deleteEndpoint 10.9.0.5/24',
      'deleteNetwork n',
    ]);
  });

  test('answers repeated calls as the first time, and calls the driver once', async () => {
    await connect();
    const created = { ...wire, Interface: { Address: '10.9.0.5/24' }, Options: {} };
    const want = { Interface: { Address: '', AddressIPv6: '', MacAddress: '02:42:0a:09:00:05' } };
    assert.deepEqual((await plugin.call('NetworkDriver.CreateEndpoint', created)).body, want);
    assert.equal((await plugin.call('NetworkDriver.CreateNetwork', { NetworkID: networkId })).status, 200);
    const join = { ...wire, SandboxKey: '/run/netns/c' };
    const first = await plugin.call('NetworkDriver.Join', join);
    assert.deepEqual(await plugin.call('NetworkDriver.Join', join), first);
    for (const method of ['Leave', 'DeleteEndpoint', 'DeleteNetwork'])
      for (let count = 0; count < 2; count += 1)
        assert.deepEqual((await plugin.call(`NetworkDriver.${method}`, wire)).body, {});
    assert.deepEqual(calls, [
      'createNetwork',
      'createEndpoint fast 10.9.0.5/24',
      'join 10.9.0.5/24 /run/netns/c',
      'leave',
      'deleteEndpoint 10.9.0.5/24',
      'deleteNetwork n',
    ]);
  });

  test('knows networks and endpoints after a restart, and restores them before other calls', async () => {
    await connect();
    await client().join({ ...ids, sandboxKey: '/run/netns/c', options: {} });
    calls.length = 0;
    await plugin.restart();
    assert.deepEqual(await client().endpointInfo(ids), { mac: '02:42:0a:09:00:05' });
    // The engine crashed as well: it connects the endpoint to another container without having left.
    await client().join({ ...ids, sandboxKey: '/run/netns/d', options: {} });
    await client().deleteNetwork(networkId);
    assert.deepEqual(calls, [
      'restore fast 10.9.0.5/24',
      'leave',
      'join 10.9.0.5/24 /run/netns/d',
      'leave',
      'deleteEndpoint 10.9.0.5/24',
      'deleteNetwork n',
    ]);
    const state = await readFile(join(plugin.directory, 'state/networks.json'), 'utf8');
    assert.deepEqual(JSON.parse(state), { networks: [] });
  });

  for (const [name, addresses, reason] of [
    [
      'an address without prefix length',
      { addressIpv6: 'fd00::5' },
      /chose the IPv6 address "fd00::5", which/,
    ],
    [
      'another address than the engine',
      { address: '10.9.0.6/24' },
      /but the engine has chosen "10\.9\.0\.5\/24"/,
    ],
    ['a wrong hardware address', { macAddress: '02:42' }, /chose the hardware address "02:42"/],
  ] as const) {
    test(`undoes an endpoint for which the driver chose ${name}`, async () => {
      chosen = addresses;
      await assert.rejects(connect(), reason);
      assert.equal(calls.at(-1), 'deleteEndpoint 10.9.0.5/24');
    });
  }

  for (const [name, result, reason] of [
    ['a gateway with prefix length', { gateway: '10.9.0.1/24' }, /gateway "10\.9\.0\.1\/24"/],
    ['an IPv4 address as IPv6 gateway', { gatewayIpv6: '10.9.0.1' }, /IPv6 gateway "10\.9\.0\.1"/],
    ['a route to an address', { routes: [{ destination: '10.8.0.1', isConnected: true }] }, /destination/],
    ['an interface without a name', { interface: { name: '', prefix: 'eth' } }, /without name or prefix/],
  ] as const) {
    test(`leaves an endpoint after a join that gave ${name}`, async () => {
      await connect();
      answer = result;
      await assert.rejects(client().join({ ...ids, sandboxKey: '/run/netns/c', options: {} }), reason);
      assert.equal(calls.at(-1), 'leave');
    });
  }

  test('says which network or endpoint does not exist', async () => {
    const answers = [await plugin.call('NetworkDriver.CreateEndpoint', wire)];
    await connect();
    const join = { ...wire, EndpointID: 'x', SandboxKey: '/n' };
    answers.push(await plugin.call('NetworkDriver.Join', join));
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.Err]),
      [
        [500, `network "${networkId}" does not exist`],
        [500, 'endpoint "x" does not exist'],
      ],
    );
  });

  test('serves swarms: scope, allocation, nodes', async () => {
    assert.deepEqual(await client().capabilities(), {
      scope: 'local',
      connectivityScope: 'global',
      checksGatewayAllocation: false,
    });
    const options = { mode: 'fast' };
    assert.deepEqual(
      [...(await client().allocateNetwork({ networkId, ipv4: [], ipv6: [], options }))],
      [
        ['mode', 'fast'],
        ['vni', '7'],
      ],
    );
    await client().freeNetwork(networkId);
    await client().discoverNew({ address: '10.0.0.1', bindAddress: '10.0.0.1', isSelf: true });
    await client().discoverDelete({ address: '10.0.0.1', bindAddress: '10.0.0.1', isSelf: false });
    assert.deepEqual(calls, ['node 10.0.0.1 true']);
  });

  test('answers 404 for methods without which engines do, when the driver lacks them', async () => {
    await connect();
    assert.equal((await plugin.call('NetworkDriver.RevokeExternalConnectivity', wire)).status, 404);
    await client().revokeExternalConnectivity(ids);
  });
});
