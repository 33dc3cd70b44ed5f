/** The typed client of network drivers, with a driver in a container. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createNetworkDriver, endpointOptions, type NetworkDriver, networkOptions } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { useProtocolPlugin } from './protocol-plugin.ts';

const plugin = useProtocolPlugin('networkdriver');

async function findDriver(): Promise<NetworkDriver> {
  return createNetworkDriver((await plugin().driver('networkdriver')).client);
}

const endpoint = { networkId: 'n', endpointId: 'e' };

describe('a network driver in a container', { skip: needsRoot }, () => {
  test('reports its capabilities', async () => {
    const driver = await findDriver();
    assert.deepEqual(await driver.capabilities(), {
      scope: 'local',
      connectivityScope: 'global',
      checksGatewayAllocation: true,
    });
    assert.deepEqual(await plugin().calls(), [{ method: 'NetworkDriver.GetCapabilities', body: undefined }]);
    await plugin().behave('NetworkDriver.GetCapabilities', 'ok', { Scope: 'global' });
    assert.deepEqual(await driver.capabilities(), {
      scope: 'global',
      connectivityScope: 'global',
      checksGatewayAllocation: false,
    });
  });

  for (const answer of [
    {},
    { Scope: 'Local' },
    { Scope: 'swarm' },
    { Scope: 'local', ConnectivityScope: 'LOCAL' },
  ]) {
    test(`is refused with the scopes ${JSON.stringify(answer)}, which are case-sensitive`, async () => {
      const driver = await findDriver();
      await plugin().behave('NetworkDriver.GetCapabilities', 'ok', answer);
      await assert.rejects(driver.capabilities(), {
        code: 'plugin-reply-malformed',
        message: /want "\w+" to be "local" or "global", got/,
      });
    });
  }

  test('gets Docker’s requests for a network and its data', async () => {
    const driver = await findDriver();
    const pools = {
      ipv4: [
        {
          addressSpace: 'near',
          pool: '10.0.0.0/16',
          gateway: '10.0.0.1/16',
          auxAddresses: { dns: '10.0.0.53/16' },
        },
      ],
      ipv6: [{ addressSpace: 'near' }],
    };
    await plugin().calls();
    const options = networkOptions({
      generic: { mode: 'fast' },
      enableIpv4: true,
      enableIpv6: false,
      internal: true,
    });
    await driver.createNetwork({ networkId: 'n', options, ...pools });
    const allocated = await driver.allocateNetwork({ networkId: 'n', options: { a: 'b' }, ...pools });
    assert.deepEqual([...allocated], [['vlan', '7']]);
    assert.deepEqual(await driver.checkGatewayAllocation(options), { skipsIpv4: true, skipsIpv6: false });
    await driver.freeNetwork('n');
    await driver.deleteNetwork('n');
    const wirePools = {
      IPv4Data: [
        {
          AddressSpace: 'near',
          Pool: '10.0.0.0/16',
          Gateway: '10.0.0.1/16',
          AuxAddresses: { dns: '10.0.0.53/16' },
        },
      ],
      IPv6Data: [{ AddressSpace: 'near' }],
    };
    const wireOptions = {
      'com.docker.network.generic': { mode: 'fast' },
      'com.docker.network.enable_ipv4': true,
      'com.docker.network.enable_ipv6': false,
      'com.docker.network.internal': true,
    };
    assert.deepEqual(await plugin().calls(), [
      { method: 'NetworkDriver.CreateNetwork', body: { NetworkID: 'n', ...wirePools, Options: wireOptions } },
      {
        method: 'NetworkDriver.AllocateNetwork',
        body: { NetworkID: 'n', ...wirePools, Options: { a: 'b' } },
      },
      { method: 'NetworkDriver.GwAllocCheck', body: { Options: wireOptions } },
      { method: 'NetworkDriver.FreeNetwork', body: { NetworkID: 'n' } },
      { method: 'NetworkDriver.DeleteNetwork', body: { NetworkID: 'n' } },
    ]);
  });

  test('creates an endpoint, reports on it and deletes it', async () => {
    const driver = await findDriver();
    await plugin().calls();
    const options = endpointOptions({
      macAddress: '6e:75:32:60:44:c9',
      exposedPorts: [{ protocol: 'udp', port: 53 }],
      portBindings: [{ protocol: 'tcp', port: 80, hostAddress: '127.0.0.1', hostPort: 8080 }],
    });
    const made = await driver.createEndpoint({ ...endpoint, addresses: { address: '10.0.0.2/16' }, options });
    assert.deepEqual(made, { address: '', addressIpv6: 'fd00::2/64', macAddress: '02:42:ac:11:00:02' });
    assert.deepEqual(await driver.endpointInfo(endpoint), {
      'com.docker.network.endpoint.macaddress': 'bnUyYETJ',
      MTU: 1500,
    });
    await driver.deleteEndpoint(endpoint);
    const ids = { NetworkID: 'n', EndpointID: 'e' };
    assert.deepEqual(await plugin().calls(), [
      {
        method: 'NetworkDriver.CreateEndpoint',
        body: {
          ...ids,
          Interface: { Address: '10.0.0.2/16', AddressIPv6: '', MacAddress: '' },
          Options: {
            'com.docker.network.endpoint.macaddress': 'bnUyYETJ',
            'com.docker.network.endpoint.exposedports': [{ Proto: 17, Port: 53 }],
            'com.docker.network.portmap': [
              { Proto: 6, IP: '', Port: 80, HostIP: '127.0.0.1', HostPort: 8080, HostPortEnd: 8080 },
            ],
          },
        },
      },
      { method: 'NetworkDriver.EndpointOperInfo', body: ids },
      { method: 'NetworkDriver.DeleteEndpoint', body: ids },
    ]);
  });

  for (const Interface of [null, {}, { Address: null, AddressIPv6: '', MacAddress: '' }]) {
    test(`returns empty addresses for the interface ${JSON.stringify(Interface)}`, async () => {
      const driver = await findDriver();
      await plugin().behave('NetworkDriver.CreateEndpoint', 'ok', { Interface });
      const made = await driver.createEndpoint({ ...endpoint, options: {} });
      assert.deepEqual(made, { address: '', addressIpv6: '', macAddress: '' });
    });
  }

  for (const [name, answer, problem] of [
    [
      'an address without prefix',
      { Address: '10.0.0.2' },
      /want "Address" to be an address with a prefix length/,
    ],
    ['an invalid hardware address', { MacAddress: '02:42' }, /want "MacAddress" to be a hardware address/],
    [
      'a second address',
      { Address: '10.0.0.3/16' },
      /driver modified interface address: .*10\.0\.0\.2\/16, got 10\.0\.0\.3\/16/,
    ],
    [
      'a second hardware address',
      { MacAddress: '02:42:ac:11:00:03' },
      /driver modified interface MAC address/,
    ],
  ] as const) {
    test(`must delete the endpoint after the response ${name}`, async () => {
      const driver = await findDriver();
      const addresses = { address: '10.0.0.2/16', macAddress: '02:42:ac:11:00:02' };
      const request = { ...endpoint, addresses, options: {} };
      await plugin().calls();
      await plugin().behave('NetworkDriver.CreateEndpoint', 'ok', { Interface: answer });
      await assert.rejects(driver.createEndpoint(request), (error) => {
        assert.match(String(error), problem);
        assert.match(String(error), /; rolled back$/);
        return true;
      });
      const methods = (await plugin().calls()).map(({ method }) => method);
      assert.deepEqual(methods, ['NetworkDriver.CreateEndpoint', 'NetworkDriver.DeleteEndpoint']);
      await plugin().behave('NetworkDriver.DeleteEndpoint', 'err-500');
      await assert.rejects(driver.createEndpoint(request), {
        code: 'plugin-reply-malformed',
        message: /; failed to roll back: NetworkDriver\.DeleteEndpoint: the driver says no$/,
      });
      await plugin().behave('NetworkDriver.DeleteEndpoint', 'ok');
    });
  }

  test('joins and leaves a container', async () => {
    const driver = await findDriver();
    await plugin().calls();
    assert.deepEqual(await driver.join({ ...endpoint, sandboxKey: '/run/netns/c', options: { a: 1 } }), {
      interfaceName: { source: 'veth0', destinationPrefix: 'eth' },
      gateway: '10.0.0.1',
      gatewayIpv6: 'fd00::1',
      staticRoutes: [
        { type: 'next-hop', destination: '10.1.0.0/16', nextHop: '10.0.0.254' },
        { type: 'connected', destination: '10.2.0.0/16' },
      ],
      disableGatewayService: true,
    });
    await driver.leave(endpoint);
    const ids = { NetworkID: 'n', EndpointID: 'e' };
    assert.deepEqual(await plugin().calls(), [
      { method: 'NetworkDriver.Join', body: { ...ids, SandboxKey: '/run/netns/c', Options: { a: 1 } } },
      { method: 'NetworkDriver.Leave', body: ids },
    ]);
  });

  test('joins with an empty response', async () => {
    const driver = await findDriver();
    await plugin().behave('NetworkDriver.Join', 'null-fields');
    assert.deepEqual(await driver.join({ ...endpoint, sandboxKey: '/run/netns/c', options: {} }), {
      gateway: '',
      gatewayIpv6: '',
      staticRoutes: [],
      disableGatewayService: false,
    });
  });

  for (const answer of [
    { Gateway: '10.0.0.1/16' },
    { GatewayIPv6: 'router' },
    { StaticRoutes: [{ Destination: '10.1.0.0', RouteType: 0, NextHop: '10.0.0.1' }] },
    { StaticRoutes: [{ Destination: '10.1.0.0/16', RouteType: 0, NextHop: '10.0.0.256' }] },
    { StaticRoutes: [{ Destination: '10.1.0.0/16', RouteType: 2 }] },
    { StaticRoutes: {} },
    { DisableGatewayService: 'yes' },
  ]) {
    test(`must leave after joining with ${JSON.stringify(answer)}`, async () => {
      const driver = await findDriver();
      await plugin().calls();
      await plugin().behave('NetworkDriver.Join', 'ok', answer);
      await assert.rejects(driver.join({ ...endpoint, sandboxKey: '/run/netns/c', options: {} }), {
        code: 'plugin-reply-malformed',
        message: /; rolled back$/,
      });
      const methods = (await plugin().calls()).map(({ method }) => method);
      assert.deepEqual(methods, ['NetworkDriver.Join', 'NetworkDriver.Leave']);
    });
  }

  test('may lack the methods for external connectivity, but their failures are reported', async () => {
    const driver = await findDriver();
    const program = 'NetworkDriver.ProgramExternalConnectivity';
    const revoke = 'NetworkDriver.RevokeExternalConnectivity';
    await plugin().calls();
    await driver.programExternalConnectivity(endpoint, { a: 1 });
    await driver.revokeExternalConnectivity(endpoint);
    const ids = { NetworkID: 'n', EndpointID: 'e' };
    assert.deepEqual(await plugin().calls(), [
      { method: program, body: { ...ids, Options: { a: 1 } } },
      { method: revoke, body: ids },
    ]);
    for (const method of [program, revoke]) await plugin().behave(method, 'missing');
    await driver.programExternalConnectivity(endpoint, {});
    await driver.revokeExternalConnectivity(endpoint);
    for (const method of [program, revoke]) await plugin().behave(method, 'err-500');
    await assert.rejects(driver.programExternalConnectivity(endpoint, {}), {
      message: `${program}: the driver says no`,
    });
    await assert.rejects(driver.revokeExternalConnectivity(endpoint), {
      message: `${revoke}: the driver says no`,
    });
    await plugin().behave('NetworkDriver.Leave', 'missing');
    await assert.rejects(driver.leave(endpoint), { code: 'plugin-error' });
  });

  test('is notified of nodes', async () => {
    const driver = await findDriver();
    await plugin().calls();
    const node = { address: '192.0.2.1', bindAddress: '192.0.2.1', isSelf: true };
    await driver.discoverNew(node);
    await driver.discoverDelete(node);
    const body = {
      DiscoveryType: 1,
      DiscoveryData: { Address: '192.0.2.1', BindAddress: '192.0.2.1', Self: true },
    };
    assert.deepEqual(await plugin().calls(), [
      { method: 'NetworkDriver.DiscoverNew', body },
      { method: 'NetworkDriver.DiscoverDelete', body },
    ]);
  });
});
