/**
 * For any bytes on its socket, a plugin answers with JSON and continues to serve.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { allow, definePlugin, deny, type PluginDefinition, type RunningPlugin } from '@outboard/sdk';
import fc from 'fast-check';
import { callPlugin } from '../support/plugin-client.ts';

/** Methods of every kind, and fields that they read. */
const methods = [
  ...['Create', 'Remove', 'Mount', 'Unmount', 'Path', 'Get', 'List', 'Capabilities', 'Nope'].map(
    (name) => `VolumeDriver.${name}`,
  ),
  ...['AuthZReq', 'AuthZRes'].map((name) => `AuthZPlugin.${name}`),
  ...['CreateNetwork', 'DeleteNetwork', 'CreateEndpoint', 'DeleteEndpoint', 'EndpointOperInfo', 'Join'].map(
    (name) => `NetworkDriver.${name}`,
  ),
  ...['Leave', 'ProgramExternalConnectivity', 'DiscoverNew', 'AllocateNetwork', 'GetCapabilities'].map(
    (name) => `NetworkDriver.${name}`,
  ),
  ...['GetDefaultAddressSpaces', 'RequestPool', 'ReleasePool', 'RequestAddress', 'ReleaseAddress'].map(
    (name) => `IpamDriver.${name}`,
  ),
  ...['StartLogging', 'StopLogging', 'Capabilities'].map((name) => `LogDriver.${name}`),
  ...['StartMetrics', 'StopMetrics'].map((name) => `MetricsCollector.${name}`),
  'SecretProvider.GetSecret',
] as const;
const fields = [
  ...['Name', 'ID', 'Opts', 'RequestMethod', 'RequestUri', 'RequestBody', 'RequestHeaders'],
  ...['RequestPeerCertificates', 'ResponseStatusCode', 'NetworkID', 'EndpointID', 'Options', 'IPv4Data'],
  ...['Interface', 'SandboxKey', 'DiscoveryType', 'DiscoveryData', 'AddressSpace', 'Pool', 'PoolID'],
  ...['Address', 'File', 'Info', 'SecretName', 'SecretLabels', 'ServiceEndpointSpec'],
];

/** Accepts everything, so that only the SDK refuses. */
const kinds: Partial<PluginDefinition> = {
  volume: {
    create: async () => undefined,
    remove: async () => undefined,
    mount: async (name) => `/mnt/${name}`,
    unmount: async () => undefined,
    get: async (name) => ({ name }),
    list: async () => [],
  },
  authorization: { authorizeRequest: async ({ body }) => (body?.field('a') === 1 ? deny('no') : allow) },
  network: {
    createNetwork: async () => undefined,
    deleteNetwork: async () => undefined,
    createEndpoint: async () => undefined,
    deleteEndpoint: async () => undefined,
    join: async () => ({}),
    leave: async () => undefined,
    programExternalConnectivity: async () => undefined,
    allocateNetwork: async ({ options }) => options,
  },
  ipam: {
    requestPool: async () => ({ poolId: 'p', pool: '10.0.0.0/8' }),
    releasePool: async () => undefined,
    requestAddress: async () => '10.0.0.1/8',
    releaseAddress: async () => undefined,
  },
  log: {
    openLog: async () => ({ write: async () => undefined, close: async () => undefined }),
    readLogs: async () =>
      (async function* () {
        // No entry.
      })(),
  },
  metrics: { start: async () => undefined },
  secrets: { getSecret: async () => ({ value: 'v' }) },
};

/** Everything that the server sends for some bytes until the connection ends. */
function answerTo(path: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
    });
    // The server may close before it has read everything: the reset follows the response.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    socket.write(bytes);
  });
}

describe('a plugin under hostile requests', () => {
  let directory: string;
  let plugin: RunningPlugin;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-hostile-'));
    const definition = definePlugin({ name: 'hostile', ...kinds, logger: () => undefined });
    plugin = await definition.serve({ socket: join(directory, 'p.sock'), stopSignals: [] });
  });

  after(async () => {
    await plugin.close();
    await rm(directory, { recursive: true });
  });

  async function answers(method: string, body: string): Promise<void> {
    const answer = await callPlugin(plugin.socketPath, method, body);
    assert.ok(answer.body !== null && typeof answer.body === 'object' && !Array.isArray(answer.body));
    assert.equal(answer.status === 200, answer.body.Err === undefined, JSON.stringify(answer));
  }

  test('answers any JSON with 200 and an object, or a failure and Err', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), fc.jsonValue(), (method, value) =>
        answers(method, JSON.stringify(value)),
      ),
    ));

  test('answers requests with the right fields of any type', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.dictionary(fc.constantFrom(...fields), fc.oneof(fc.jsonValue(), fc.object()), { maxKeys: 8 }),
        (method, value) => answers(method, JSON.stringify(value)),
      ),
    ));

  test('answers any text', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), fc.string(), (method, text) => answers(method, text)),
    ));

  test('answers JSON with a nesting depth of 100,000', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    await answers('VolumeDriver.Create', deep);
    await answers('VolumeDriver.Create', `{"Name":"v","Opts":{"a":${deep}}}`);
    await answers('NetworkDriver.CreateNetwork', `{"NetworkID":"n","Options":{"a":${deep}}}`);
    const body = Buffer.from(`{"a":${deep}}`).toString('base64');
    const request = { RequestMethod: 'POST', RequestUri: '/x', RequestBody: body };
    await answers('AuthZPlugin.AuthZReq', JSON.stringify(request));
  });

  for (const [name, bytes] of [
    ['bytes that are not HTTP', '\x16\x03\x01\x02\x00'],
    ['a header without an end', `POST /Plugin.Activate HTTP/1.1\r\nX: ${'a'.repeat(64 * 1024)}`],
    [
      'two lengths',
      'POST /Plugin.Activate HTTP/1.1\r\nHost: p\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
    ],
    [
      'a length and chunks',
      'POST /x HTTP/1.1\r\nHost: p\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ] as const) {
    test(`refuses ${name}, closes the connection, and continues to serve`, async () => {
      assert.match(await answerTo(plugin.socketPath, bytes), /^HTTP\/1\.1 4\d\d /);
      assert.equal((await callPlugin(plugin.socketPath, 'Plugin.Activate')).status, 200);
    });
  }
});
