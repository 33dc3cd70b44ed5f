/**
 * The typed client of NetworkDriver 1.0.
 * @see moby daemon/libnetwork/drivers/remote/driver.go (28.x)
 */
import {
  codec,
  isJsonObject,
  isOutboardError,
  type JsonObject,
  OutboardError,
  type ValueOf,
} from '@outboard/oci';
import { isMethodMissing } from '../../calls/plugin-answer.ts';
import type { PluginClient } from '../../calls/plugin-client.ts';
import type { ReplyFields } from '../../calls/plugin-reply.ts';
import { type CallMethod, callsOf, type DriverCall, method, query, slowMethod } from '../driver-calls.ts';
import { cidrForm, formatMac, isAddress, isCidr } from '../network-addresses.ts';
import {
  endpointAddressesCodec,
  endpointIdCodec,
  gatewayCheckCodec,
  joinCodec,
  networkCodec,
  nodeCodec,
} from './network-documents.ts';
import type {
  AllocateNetworkRequest,
  CreateEndpointRequest,
  CreateNetworkRequest,
  DiscoveredNode,
  EndpointAddresses,
  EndpointId,
  JoinRequest,
  JoinResult,
  NetworkDriver,
  NetworkRequest,
  StaticRoute,
} from './network-driver.ts';

const rules = {
  GetCapabilities: query,
  AllocateNetwork: slowMethod,
  FreeNetwork: method,
  GwAllocCheck: query,
  CreateNetwork: slowMethod,
  DeleteNetwork: method,
  CreateEndpoint: slowMethod,
  EndpointOperInfo: query,
  DeleteEndpoint: method,
  Join: slowMethod,
  Leave: method,
  ProgramExternalConnectivity: slowMethod,
  RevokeExternalConnectivity: method,
  DiscoverNew: method,
  DiscoverDelete: method,
} as const;

type Call = CallMethod<keyof typeof rules>;

/** The network driver that a plugin implements. The caller disposes the client. */
export function createNetworkDriver(client: PluginClient): NetworkDriver {
  const call = callsOf(client, 'NetworkDriver', rules);
  return { ...networkCalls(call), ...endpointCalls(call), ...clusterCalls(call) };
}

function networkCalls(call: Call) {
  return {
    async capabilities(given?: DriverCall) {
      const reply = await call('GetCapabilities', undefined, given);
      const scope = readScope(reply, 'Scope');
      const connectivityScope = readScope(reply, 'ConnectivityScope');
      if (scope === '') {
        throw malformed('GetCapabilities', 'want "Scope" to be "local" or "global", got nothing');
      }
      return {
        scope,
        connectivityScope: connectivityScope === '' ? scope : connectivityScope,
        checksGatewayAllocation: reply.boolean('GwAllocChecker'),
      };
    },
    async checkGatewayAllocation(options: JsonObject, given?: DriverCall) {
      return (await call('GwAllocCheck', { Options: options }, given)).decode(gatewayCheckCodec);
    },
    async createNetwork(request: CreateNetworkRequest, given?: DriverCall) {
      await call('CreateNetwork', { ...networkFields(request), Options: request.options }, given);
    },
    async deleteNetwork(networkId: string, given?: DriverCall) {
      await call('DeleteNetwork', { NetworkID: networkId }, given);
    },
  };
}

function endpointCalls(call: Call) {
  return {
    async createEndpoint(request: CreateEndpointRequest, given?: DriverCall) {
      const { addresses = {}, options } = request;
      const { address = '', addressIpv6 = '', macAddress = '' } = addresses;
      const wanted = codec.encodeObject(endpointAddressesCodec, { address, addressIpv6, macAddress });
      const fields = { ...endpointFields(request), Interface: wanted, Options: options };
      const reply = await call('CreateEndpoint', fields, given);
      return orRollBack(
        () => readAddresses(reply.object('Interface'), { address, addressIpv6, macAddress }),
        () => call('DeleteEndpoint', endpointFields(request), {}),
      );
    },
    async endpointInfo(endpoint: EndpointId, given?: DriverCall) {
      const value = (await call('EndpointOperInfo', endpointFields(endpoint), given)).raw('Value') ?? {};
      if (isJsonObject(value)) return value;
      throw malformed('EndpointOperInfo', 'want "Value" to be an object');
    },
    async deleteEndpoint(endpoint: EndpointId, given?: DriverCall) {
      await call('DeleteEndpoint', endpointFields(endpoint), given);
    },
    async join(request: JoinRequest, given?: DriverCall) {
      const target = { SandboxKey: request.sandboxKey, Options: request.options };
      const reply = await call('Join', { ...endpointFields(request), ...target }, given);
      return orRollBack(
        () => readJoin(reply),
        () => call('Leave', endpointFields(request), {}),
      );
    },
    async leave(endpoint: EndpointId, given?: DriverCall) {
      await call('Leave', endpointFields(endpoint), given);
    },
    async programExternalConnectivity(endpoint: EndpointId, options: JsonObject, given?: DriverCall) {
      const fields = { ...endpointFields(endpoint), Options: options };
      await unlessMissing(() => call('ProgramExternalConnectivity', fields, given));
    },
    async revokeExternalConnectivity(endpoint: EndpointId, given?: DriverCall) {
      await unlessMissing(() => call('RevokeExternalConnectivity', endpointFields(endpoint), given));
    },
  };
}

function clusterCalls(call: Call) {
  return {
    async allocateNetwork(request: AllocateNetworkRequest, given?: DriverCall) {
      const fields = { ...networkFields(request), Options: request.options };
      return (await call('AllocateNetwork', fields, given)).textMap('Options');
    },
    async freeNetwork(networkId: string, given?: DriverCall) {
      await call('FreeNetwork', { NetworkID: networkId }, given);
    },
    async discoverNew(node: DiscoveredNode, given?: DriverCall) {
      await call('DiscoverNew', discoveryFields(node), given);
    },
    async discoverDelete(node: DiscoveredNode, given?: DriverCall) {
      await call('DiscoverDelete', discoveryFields(node), given);
    },
  };
}

function networkFields({ networkId, ipv4, ipv6 }: NetworkRequest): JsonObject {
  // Properties of pools that are undefined are not written.
  return codec.encodeObject(networkCodec, { networkId, ipv4, ipv6 } as ValueOf<typeof networkCodec>);
}

function endpointFields({ networkId, endpointId }: EndpointId): JsonObject {
  return codec.encodeObject(endpointIdCodec, { networkId, endpointId });
}

const nodeDiscovery = 1;

function discoveryFields(node: DiscoveredNode): JsonObject {
  return { DiscoveryType: nodeDiscovery, DiscoveryData: codec.encodeObject(nodeCodec, node) };
}

/** Unlike for volumes, the letter case matters. */
function readScope(reply: ReplyFields, name: string): 'local' | 'global' | '' {
  const scope = reply.formed(name, '"local" or "global"', (text) => text === 'local' || text === 'global');
  return scope === 'local' || scope === 'global' ? scope : '';
}

/** Read the addresses that the driver chose. It may not replace one that it was given. */
function readAddresses(fields: ReplyFields | undefined, given: EndpointAddresses): EndpointAddresses {
  const read = fields?.decode(endpointAddressesCodec) ?? endpointAddressesCodec.decode(undefined);
  const { address, addressIpv6 } = read;
  const macAddress = formatMac(read.macAddress);
  refuseSecond('address', given.address, address);
  refuseSecond('IPv6 address', given.addressIpv6, addressIpv6);
  refuseSecond('MAC address', given.macAddress, macAddress);
  return { address, addressIpv6, macAddress };
}

function refuseSecond(what: string, given: string, answered: string): void {
  if (given === '' || answered === '') return;
  const problem = `driver modified interface ${what}: want nothing for ${given}, got ${answered}`;
  throw malformed('CreateEndpoint', problem);
}

function readJoin(reply: ReplyFields): JoinResult {
  return { ...reply.decode(joinCodec), staticRoutes: reply.objects('StaticRoutes').map(readRoute) };
}

const nextHopType = 0;
const connectedType = 1;

function readRoute(route: ReplyFields): StaticRoute {
  const destination = route.formed('Destination', cidrForm, isCidr);
  const nextHop = route.formed('NextHop', 'an address', isAddress);
  const type = route.integer('RouteType');
  if (type === nextHopType) return { type: 'next-hop', destination, nextHop };
  if (type === connectedType) return { type: 'connected', destination };
  throw malformed('Join', `want "RouteType" to be 0 (next hop) or 1 (connected), got ${type}`);
}

async function unlessMissing(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    // Older drivers lack these methods and have nothing to do; Docker calls them as well.
    if (!isMethodMissing(error)) throw error;
  }
}

/** Read a reply; if it is malformed, undo the driver's work before throwing. The wording of the error is Docker's. */
async function orRollBack<T>(read: () => T, undo: () => Promise<unknown>): Promise<T> {
  try {
    return read();
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    const ending = await undo().then(
      () => 'rolled back',
      (error: unknown) => `failed to roll back: ${error instanceof Error ? error.message : String(error)}`,
    );
    throw new OutboardError(cause.kind, `${cause.message}; ${ending}`, { code: cause.code, cause });
  }
}

function malformed(name: string, problem: string): OutboardError {
  const message = `NetworkDriver.${name}: malformed reply: ${problem}`;
  return new OutboardError('system', message, { code: 'plugin-reply-malformed' });
}
