/**
 * Options of networks and endpoints that all drivers know, with Docker's labels and forms.
 * @see moby daemon/libnetwork/netlabel/labels.go (28.x)
 */
import type { JsonObject } from '@outboard/oci';
import { encodeMac } from '../network-addresses.ts';
import { presentFields } from '../present-fields.ts';

/** Transport protocols and their IP protocol numbers. */
const transportProtocols = { tcp: 6, udp: 17, sctp: 132 } as const;

/** A transport protocol. */
export type TransportProtocol = keyof typeof transportProtocols;

/** A port on which a container listens. */
export interface ExposedPort {
  readonly protocol: TransportProtocol;
  readonly port: number;
}

/** A host port that is forwarded to a container's port. */
export interface PortBinding {
  readonly protocol: TransportProtocol;
  readonly port: number;
  /** Container address; default the endpoint's. */
  readonly address?: string | undefined;
  /** Host address; default all. */
  readonly hostAddress?: string | undefined;
  /** First port of the range to choose from; 0 for any port. */
  readonly hostPort: number;
  /** Last port of the range; default `hostPort`. */
  readonly hostPortEnd?: number | undefined;
}

/** Options of a network. */
export interface NetworkOptions {
  /** The user's `-o key=value` options. */
  readonly generic?: Readonly<Record<string, string>> | undefined;
  readonly enableIpv4?: boolean | undefined;
  readonly enableIpv6?: boolean | undefined;
  readonly internal?: boolean | undefined;
}

/** Options of an endpoint. */
export interface EndpointOptions {
  readonly generic?: JsonObject | undefined;
  /** Such as `02:42:ac:11:00:02`. */
  readonly macAddress?: string | undefined;
  readonly exposedPorts?: readonly ExposedPort[] | undefined;
  readonly portBindings?: readonly PortBinding[] | undefined;
}

const prefix = 'com.docker.network';

/** Options for `createNetwork`. */
export function networkOptions({ generic, enableIpv4, enableIpv6, internal }: NetworkOptions): JsonObject {
  return presentFields({
    [`${prefix}.generic`]: generic,
    [`${prefix}.enable_ipv4`]: enableIpv4,
    [`${prefix}.enable_ipv6`]: enableIpv6,
    [`${prefix}.internal`]: internal,
  });
}

/**
 * Options for `createEndpoint`, `join` and `programExternalConnectivity`.
 * @throws {OutboardError} invalid, for a malformed hardware address
 */
export function endpointOptions(options: EndpointOptions): JsonObject {
  const { generic, macAddress, exposedPorts, portBindings } = options;
  return presentFields({
    [`${prefix}.generic`]: generic,
    [`${prefix}.endpoint.macaddress`]: macAddress === undefined ? undefined : encodeMac(macAddress),
    [`${prefix}.endpoint.exposedports`]: exposedPorts?.map(exposedPortFields),
    [`${prefix}.portmap`]: portBindings?.map(portBindingFields),
  });
}

function exposedPortFields({ protocol, port }: ExposedPort): JsonObject {
  return { Proto: transportProtocols[protocol], Port: port };
}

function portBindingFields(binding: PortBinding): JsonObject {
  const { protocol, port, address = '', hostAddress = '', hostPort, hostPortEnd = hostPort } = binding;
  return {
    Proto: transportProtocols[protocol],
    IP: address,
    Port: port,
    HostIP: hostAddress,
    HostPort: hostPort,
    HostPortEnd: hostPortEnd,
  };
}
