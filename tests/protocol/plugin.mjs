/**
 * A plugin of every protocol, whose behaviour a test chooses per method with `Test.Behave`. It runs in a container, on
 * the host's Node.js. It shares no code with the clients under test.
 */
import { constants, openSync, readSync } from 'node:fs';
import { createServer } from 'node:http';
import { Socket } from 'node:net';

/** Usual responses. */
const answers = {
  'Plugin.Activate': { Implements: ['VolumeDriver', 'NetworkDriver', 'IpamDriver', 'LogDriver'] },
  'VolumeDriver.Mount': { Mountpoint: '/mnt/v', Err: '' },
  'VolumeDriver.List': { Volumes: [{ Name: 'v', Mountpoint: '' }], Err: '' },
  'NetworkDriver.GetCapabilities': { Scope: 'local', ConnectivityScope: 'global', GwAllocChecker: true },
  'NetworkDriver.AllocateNetwork': { Options: { vlan: '7' } },
  'NetworkDriver.FreeNetwork': {},
  'NetworkDriver.GwAllocCheck': { SkipIPv4: true, SkipIPv6: false },
  'NetworkDriver.CreateNetwork': {},
  'NetworkDriver.DeleteNetwork': {},
  'NetworkDriver.CreateEndpoint': {
    Interface: { AddressIPv6: 'fd00::2/64', MacAddress: '02-42-AC-11-00-02' },
  },
  'NetworkDriver.EndpointOperInfo': {
    Value: { 'com.docker.network.endpoint.macaddress': 'bnUyYETJ', MTU: 1500 },
  },
  'NetworkDriver.DeleteEndpoint': {},
  'NetworkDriver.Join': {
    InterfaceName: { SrcName: 'veth0', DstPrefix: 'eth' },
    Gateway: '10.0.0.1',
    GatewayIPv6: 'fd00::1',
    StaticRoutes: [
      { Destination: '10.1.0.0/16', RouteType: 0, NextHop: '10.0.0.254' },
      { Destination: '10.2.0.0/16', RouteType: 1, NextHop: '' },
    ],
    DisableGatewayService: true,
  },
  'NetworkDriver.Leave': {},
  'NetworkDriver.ProgramExternalConnectivity': {},
  'NetworkDriver.RevokeExternalConnectivity': {},
  'NetworkDriver.DiscoverNew': {},
  'NetworkDriver.DiscoverDelete': {},
  'IpamDriver.GetCapabilities': { RequiresMACAddress: true, RequiresRequestReplay: true },
  'IpamDriver.GetDefaultAddressSpaces': {
    LocalDefaultAddressSpace: 'near',
    GlobalDefaultAddressSpace: 'far',
  },
  'IpamDriver.RequestPool': {
    PoolID: 'pool-1',
    Pool: '10.0.0.0/16',
    Data: { 'com.docker.network.gateway': '10.0.0.1/16' },
  },
  'IpamDriver.ReleasePool': {},
  'IpamDriver.RequestAddress': { Address: '10.0.0.2/16', Data: null },
  'IpamDriver.ReleaseAddress': {},
  'AuthZPlugin.AuthZReq': { Allow: true },
  'LogDriver.Capabilities': { Cap: { ReadLogs: true }, Err: '' },
  'MetricsCollector.StartMetrics': {},
  'SecretProvider.GetSecret': { Value: Buffer.from('hidden').toString('base64'), Err: '', DoNotReuse: true },
};

const send = (response, status, text) => response.writeHead(status).end(text);
const json = (response, value) => send(response, 200, `${JSON.stringify(value)}\n`);

/** Other responses, by name. */
const behaviours = {
  ok: (response, answer) => json(response, answer),
  'err-200': (response) => json(response, { Err: 'the driver says no' }),
  'error-200': (response) => json(response, { Err: '', Error: 'the driver says no' }),
  'err-500': (response) => send(response, 500, '{"Err":"the driver says no"}'),
  'text-500': (response) => send(response, 500, 'the driver says no\n'),
  missing: (response) => send(response, 404, '404 page not found\n'),
  'odd-case': (response, answer) => json(response, swapCase(answer)),
  'null-fields': (response, answer) => {
    json(response, Object.fromEntries(['Err', ...Object.keys(answer)].map((name) => [name, null])));
  },
  null: (response) => send(response, 200, 'null'),
  malformed: (response) => send(response, 200, '{"Err":'),
  trailing: (response, answer) => send(response, 200, `${JSON.stringify(answer)}\n{"Err":"too late"}\n`),
  empty: (response) => send(response, 200, ''),
  hang: () => {},
  drop: (response) => response.destroy(),
};

/** Names of fields; keys of maps are data and stay. */
function swapCase(value) {
  if (Array.isArray(value)) return value.map(swapCase);
  if (typeof value !== 'object' || value === null) return value;
  const maps = ['Data', 'Options', 'Value'];
  const entries = Object.entries(value).map(([name, item]) => {
    const swapped = name.replace(/[a-z]/gi, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    );
    return [swapped, maps.includes(name) ? item : swapCase(item)];
  });
  return Object.fromEntries(entries);
}

/** By container: the bytes from its pipe, and the current readers. */
const logs = new Map();
/** By pipe. */
const pipes = new Map();

function startLogging({ File: file, Info: info }) {
  const log = { bytes: Buffer.alloc(0), readers: new Set() };
  logs.set(info.ContainerID, log);
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd: descriptor, writable: false });
  const take = (bytes) => {
    log.bytes = Buffer.concat([log.bytes, bytes]);
    for (const reader of log.readers) reader.write(bytes);
  };
  socket.on('data', take);
  pipes.set(file, { descriptor, socket, take });
}

/** The host keeps the pipe open until this is answered, so there is no end of file: read until it is empty. */
function stopLogging({ File: file }) {
  const { descriptor, socket, take } = pipes.get(file);
  const buffer = Buffer.alloc(65_536);
  try {
    for (;;) take(Buffer.from(buffer.subarray(0, readSync(descriptor, buffer))));
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
  }
  socket.destroy();
  pipes.delete(file);
}

/** In pieces that do not respect entries. */
async function readLogs({ Info: info, Config: config }, response) {
  const { bytes, readers } = logs.get(info.ContainerID);
  response.writeHead(200);
  response.flushHeaders();
  for (let offset = 0; offset < bytes.length; offset += 7) response.write(bytes.subarray(offset, offset + 7));
  if (!config.Follow) response.end();
  else readers.add(response);
}

const calls = [];
const chosen = new Map();

const controls = {
  'Test.Behave': ({ Method, Behaviour, Answer }) => {
    chosen.set(Method, { behaviour: Behaviour, answer: Answer });
    return {};
  },
  'Test.Calls': () => ({ Calls: calls.splice(0) }),
};

const programs = {
  'LogDriver.StartLogging': (request, response) => json(response, startLogging(request) ?? { Err: '' }),
  'LogDriver.StopLogging': (request, response) => json(response, stopLogging(request) ?? { Err: '' }),
  'LogDriver.ReadLogs': readLogs,
};

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const method = request.url.slice(1);
  const fields = body === '' ? {} : JSON.parse(body);
  if (controls[method]) return json(response, controls[method](fields));
  calls.push({ Method: method, Body: body });
  const { behaviour = 'ok', answer } = chosen.get(method) ?? {};
  if (behaviour === 'raw') return send(response, 200, Buffer.from(answer, 'base64'));
  if (behaviour === 'ok' && programs[method] && !answer) return programs[method](fields, response);
  if (behaviour === 'ok' && !answer && !answers[method]) return behaviours.missing(response);
  return behaviours[behaviour](response, answer ?? answers[method] ?? {});
});
server.listen('/run/docker/plugins/fixture.sock');
process.on('SIGTERM', () => process.exit(0));
