import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { CallOptions, PluginClient } from '../calls/plugin-client.ts';
import { readReply } from '../calls/plugin-reply.ts';
import { createIpamDriver } from './ipam/ipam-driver-client.ts';
import { createLogDriver } from './log/log-driver-client.ts';
import { createNetworkDriver } from './network/network-driver-client.ts';
import { createSecretProvider } from './secrets/secret-provider-client.ts';
import { createVolumeDriver } from './volume/volume-driver-client.ts';

/** A client that records its calls, and answers with fields that satisfy every method. */
function recordingClient() {
  const seen: string[] = [];
  const record = (name: string, { timeoutMs = 0, idempotent = false, confidential = false }: CallOptions) => {
    const words = [
      `${timeoutMs / 1000} s`,
      ...(idempotent ? ['again'] : []),
      ...(confidential ? ['secret'] : []),
    ];
    seen.push(`${name}: ${words.join(', ')}`);
  };
  const answer = { Scope: 'local', Pool: '10.0.0.0/8', Address: '10.0.0.2/8' };
  const client: PluginClient = {
    async call(name, _request, options = {}) {
      record(name, options);
      return readReply({ ...answer, Value: name.startsWith('Secret') ? 'YQ==' : {} }, name);
    },
    stream(name, _request, options = {}) {
      record(name, options);
      return Readable.from([]);
    },
    async forward() {
      throw new Error('a typed client forwards no requests');
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return { client, seen };
}

const network = { networkId: 'n', ipv4: [], ipv6: [], options: {} };
const endpoint = { networkId: 'n', endpointId: 'e', sandboxKey: '', options: {} };
const node = { address: '', bindAddress: '', isSelf: false };

const cases: readonly (readonly [
  string,
  (client: PluginClient) => readonly (() => Promise<unknown>)[],
  string[],
])[] = [
  [
    'volume drivers',
    (client) => {
      const driver = createVolumeDriver(client);
      return [
        () => driver.create('v', {}),
        () => driver.remove('v'),
        () => driver.mount('v', 'id'),
        () => driver.unmount('v', 'id'),
        () => driver.path('v'),
        () => driver.get('v'),
        () => driver.list(),
        () => driver.capabilities(),
      ];
    },
    [
      'VolumeDriver.Create: 120 s',
      'VolumeDriver.Remove: 60 s',
      'VolumeDriver.Mount: 120 s',
      'VolumeDriver.Unmount: 60 s',
      'VolumeDriver.Path: 60 s, again',
      'VolumeDriver.Get: 60 s, again',
      'VolumeDriver.List: 60 s, again',
      'VolumeDriver.Capabilities: 60 s, again',
    ],
  ],
  [
    'network drivers',
    (client) => {
      const driver = createNetworkDriver(client);
      return [
        () => driver.capabilities(),
        () => driver.allocateNetwork(network),
        () => driver.freeNetwork('n'),
        () => driver.checkGatewayAllocation({}),
        () => driver.createNetwork(network),
        () => driver.deleteNetwork('n'),
        () => driver.createEndpoint(endpoint),
        () => driver.endpointInfo(endpoint),
        () => driver.deleteEndpoint(endpoint),
        () => driver.join(endpoint),
        () => driver.leave(endpoint),
        () => driver.programExternalConnectivity(endpoint, {}),
        () => driver.revokeExternalConnectivity(endpoint),
        () => driver.discoverNew(node),
        () => driver.discoverDelete(node),
      ];
    },
    [
      'NetworkDriver.GetCapabilities: 60 s, again',
      'NetworkDriver.AllocateNetwork: 120 s',
      'NetworkDriver.FreeNetwork: 60 s',
      'NetworkDriver.GwAllocCheck: 60 s, again',
      'NetworkDriver.CreateNetwork: 120 s',
      'NetworkDriver.DeleteNetwork: 60 s',
      'NetworkDriver.CreateEndpoint: 120 s',
      'NetworkDriver.EndpointOperInfo: 60 s, again',
      'NetworkDriver.DeleteEndpoint: 60 s',
      'NetworkDriver.Join: 120 s',
      'NetworkDriver.Leave: 60 s',
      'NetworkDriver.ProgramExternalConnectivity: 120 s',
      'NetworkDriver.RevokeExternalConnectivity: 60 s',
      'NetworkDriver.DiscoverNew: 60 s',
      'NetworkDriver.DiscoverDelete: 60 s',
    ],
  ],
  [
    'IPAM drivers',
    (client) => {
      const driver = createIpamDriver(client);
      return [
        () => driver.capabilities(),
        () => driver.defaultAddressSpaces(),
        () => driver.requestPool({ addressSpace: '' }),
        () => driver.releasePool('p'),
        () => driver.requestAddress({ poolId: 'p' }),
        () => driver.releaseAddress('p', '10.0.0.2'),
      ];
    },
    [
      'IpamDriver.GetCapabilities: 60 s, again',
      'IpamDriver.GetDefaultAddressSpaces: 60 s, again',
      'IpamDriver.RequestPool: 60 s',
      'IpamDriver.ReleasePool: 60 s',
      'IpamDriver.RequestAddress: 60 s',
      'IpamDriver.ReleaseAddress: 60 s',
    ],
  ],
  [
    'log drivers',
    (client) => {
      const driver = createLogDriver(client);
      return [
        () => driver.startLogging('/f', { id: 'c' }),
        () => driver.stopLogging('/f'),
        () => driver.capabilities(),
        () => driver.readLogs({ id: 'c' }, {})[Symbol.asyncIterator]().next(),
      ];
    },
    [
      'LogDriver.StartLogging: 60 s',
      'LogDriver.StopLogging: 60 s',
      'LogDriver.Capabilities: 60 s, again',
      'LogDriver.ReadLogs: 60 s, again',
    ],
  ],
  [
    'secret providers',
    (client) => [() => createSecretProvider(client).getSecret({ secretName: 's' })],
    ['SecretProvider.GetSecret: 60 s, secret'],
  ],
];

for (const [name, calls, want] of cases) {
  test(`the client of ${name} gives every method a time limit, and retries only idempotent ones`, async () => {
    const { client, seen } = recordingClient();
    for (const call of calls(client)) await call();
    assert.deepEqual(seen, want);
  });
}

test("a caller may give a call another time limit, and undefined keeps the method's", async () => {
  const { client, seen } = recordingClient();
  const driver = createVolumeDriver(client);
  await driver.mount('v', 'id', { timeoutMs: 5_000 });
  await driver.mount('v', 'id', { timeoutMs: undefined });
  assert.deepEqual(seen, ['VolumeDriver.Mount: 5 s', 'VolumeDriver.Mount: 120 s']);
});
