/**
 * A network and IPAM plugin that connects containers with real interfaces: each endpoint is a pair of virtual ones, whose
 * end on the host has the gateway's address.
 */
import type { PluginArchiveOptions } from './plugin-archive.ts';
import { fixtureSocket } from './plugin-fixture.ts';

/** The one network that it makes; for documentation, so that nothing on the host uses it. @see RFC 5737 */
export const testSubnet = { pool: '198.51.100.0/24', gateway: '198.51.100.1', first: '198.51.100.2' };

const script = `
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
const ip = (...args) => execFileSync('/usr/sbin/ip', args);
const [host, inside] = [(id) => 'obh' + id.slice(0, 10), (id) => 'obc' + id.slice(0, 10)];
let last = 1;
const answers = {
  'Plugin.Activate': () => ({ Implements: ['NetworkDriver', 'IpamDriver'] }),
  'NetworkDriver.GetCapabilities': () => ({ Scope: 'local', ConnectivityScope: 'local' }),
  'NetworkDriver.CreateNetwork': () => ({}),
  'NetworkDriver.DeleteNetwork': () => ({}),
  'NetworkDriver.CreateEndpoint': ({ EndpointID: id }) => {
    ip('link', 'add', host(id), 'type', 'veth', 'peer', 'name', inside(id));
    ip('address', 'add', '${testSubnet.gateway}/24', 'dev', host(id));
    ip('link', 'set', host(id), 'up');
    return { Interface: {} };
  },
  'NetworkDriver.EndpointOperInfo': () => ({ Value: {} }),
  'NetworkDriver.Join': ({ EndpointID: id }) => ({
    InterfaceName: { SrcName: inside(id), DstPrefix: 'eth' },
    Gateway: '${testSubnet.gateway}',
  }),
  'NetworkDriver.Leave': () => ({}),
  'NetworkDriver.DeleteEndpoint': ({ EndpointID: id }) => {
    ip('link', 'delete', host(id));
    return {};
  },
  'NetworkDriver.ProgramExternalConnectivity': () => ({}),
  'NetworkDriver.RevokeExternalConnectivity': () => ({}),
  'IpamDriver.GetCapabilities': () => ({}),
  'IpamDriver.GetDefaultAddressSpaces': () => ({
    LocalDefaultAddressSpace: 'local',
    GlobalDefaultAddressSpace: 'global',
  }),
  'IpamDriver.RequestPool': () => ({ PoolID: 'pool', Pool: '${testSubnet.pool}', Data: {} }),
  'IpamDriver.ReleasePool': () => ({}),
  'IpamDriver.RequestAddress': ({ Options }) => {
    const isGateway = Options?.RequestAddressType === 'com.docker.network.gateway';
    return { Address: '198.51.100.' + (isGateway ? 1 : (last += 1)) + '/24' };
  },
  'IpamDriver.ReleaseAddress': () => ({}),
};
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const method = request.url.slice(1);
  const answer = answers[method];
  if (!answer) return response.writeHead(404).end('{"Err":"not found"}');
  try {
    response.end(JSON.stringify(answer(body === '' ? {} : JSON.parse(body))));
  } catch (error) {
    const Err = method + ': ' + error.message;
    response.writeHead(500).end(JSON.stringify({ Err }));
  }
});
server.listen('/run/docker/plugins/${fixtureSocket}');
process.on('SIGTERM', () => process.exit(0));
`;

/** For `pluginArchive`. */
export const networkPlugin: PluginArchiveOptions = {
  script,
  config: {
    Interface: { Types: ['docker.networkdriver/1.0', 'docker.ipamdriver/1.0'], Socket: fixtureSocket },
    Network: { Type: 'host' },
    Linux: { Capabilities: ['CAP_NET_ADMIN'], AllowAllDevices: false, Devices: null },
  },
};
