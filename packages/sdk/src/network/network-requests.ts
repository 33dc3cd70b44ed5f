/**
 * Networks, endpoints and ports in requests of engines, and in the records that are kept of them: pure rules.
 * @see moby daemon/libnetwork/drivers/remote/api/api.go and netlabel/labels.go
 */
import {
  flagField,
  integerField,
  jsonObjectField,
  type Message,
  malformed,
  messageField,
  messageListField,
  objectOf,
  requiredTextField,
  textField,
  textMapField,
} from '../wire/message.ts';
import type {
  DiscoveredNode,
  Endpoint,
  Network,
  NetworkAllocation,
  NetworkPool,
  PortBinding,
  TransportProtocol,
} from './network-driver.ts';

const prefix = 'com.docker.network';

/** Transport protocols by their IP protocol numbers. */
const transportProtocols: ReadonlyMap<number, TransportProtocol> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [132, 'sctp'],
]);

/** The network of `CreateNetwork`. @throws {PluginError} 400 for malformed fields, as all readers here */
export function readNetwork(message: Message): Network {
  const options = jsonObjectField(message, 'Options');
  return {
    id: requiredTextField(message, 'NetworkID'),
    ipv4: readPools(message, 'IPv4Data'),
    ipv6: readPools(message, 'IPv6Data'),
    driverOptions: genericOptions(options),
    hasIpv6: ownOption(options, `${prefix}.enable_ipv6`) === true,
    isInternal: ownOption(options, `${prefix}.internal`) === true,
    options,
  };
}

/** The network of `AllocateNetwork`. */
export function readAllocation(message: Message): NetworkAllocation {
  return {
    id: requiredTextField(message, 'NetworkID'),
    ipv4: readPools(message, 'IPv4Data'),
    ipv6: readPools(message, 'IPv6Data'),
    options: textMapField(message, 'Options'),
  };
}

/** The endpoint of `CreateEndpoint`, with the addresses that the engine has chosen. */
export function readEndpoint(message: Message, network: Network): Endpoint {
  const options = jsonObjectField(message, 'Options');
  const given = messageField(message, 'Interface');
  return {
    id: requiredTextField(message, 'EndpointID'),
    network,
    address: textField(given, 'Address') || undefined,
    addressIpv6: textField(given, 'AddressIPv6') || undefined,
    macAddress: textField(given, 'MacAddress') || undefined,
    driverOptions: genericOptions(options),
    portBindings: readPortBindings(message),
    options,
  };
}

/** Ports in the options of an endpoint. */
export function readPortBindings(message: Message): readonly PortBinding[] {
  const options = new Map([['ports', ownOption(jsonObjectField(message, 'Options'), `${prefix}.portmap`)]]);
  return messageListField(options, 'ports').map((port) => {
    const number = integerField(port, 'Proto');
    const protocol = transportProtocols.get(number);
    if (protocol === undefined) throw malformed(`a port has the unknown protocol ${number}`);
    const hostPort = integerField(port, 'HostPort');
    return {
      protocol,
      port: integerField(port, 'Port'),
      hostAddress: textField(port, 'HostIP') || undefined,
      hostPort,
      hostPortEnd: integerField(port, 'HostPortEnd') || hostPort,
    };
  });
}

/** The node of `DiscoverNew` and `DiscoverDelete`; undefined for other kinds of discovery than nodes. */
export function readNode(message: Message): DiscoveredNode | undefined {
  if (integerField(message, 'DiscoveryType') !== 1) return undefined;
  const node = messageField(message, 'DiscoveryData');
  return {
    address: textField(node, 'Address'),
    bindAddress: textField(node, 'BindAddress'),
    isSelf: flagField(node, 'Self'),
  };
}

function readPools(message: Message, name: string): readonly NetworkPool[] {
  return messageListField(message, name).map((pool) => ({
    addressSpace: textField(pool, 'AddressSpace'),
    pool: textField(pool, 'Pool') || undefined,
    gateway: textField(pool, 'Gateway') || undefined,
    auxAddresses: textMapField(pool, 'AuxAddresses'),
  }));
}

function genericOptions(options: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const generic = objectOf(ownOption(options, `${prefix}.generic`)) ?? {};
  return textMapField(new Map([['generic', generic]]), 'generic');
}

function ownOption(options: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(options, key) ? options[key] : undefined;
}
