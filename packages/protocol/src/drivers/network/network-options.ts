/**
 * The options of networks and endpoints whose names and forms every driver knows.
 * @see moby daemon/libnetwork/netlabel/labels.go (28.x)
 */
import type { JsonObject } from '@outboard/oci';
import { encodeMac } from '../network-addresses.ts';

/** A transport protocol and its number in IP. */
export const transportProtocols = { tcp: 6, udp: 17, sctp: 132 } as const;
export type TransportProtocol = keyof typeof transportProtocols;

/** A port that a container listens at. */
export interface ExposedPort {
  readonly protocol: TransportProtocol;
  readonly port: number;
}

/** A port of the host that leads to one of a container. */
export interface PortBinding {
  readonly protocol: TransportProtocol;
  readonly port: number;
  /** Of the container; absent for the endpoint's own. */
  readonly address?: string;
  /** Absent for every address of the host. */
  readonly hostAddress?: string;
  /** First and last port to choose from; 0 for any. */
  readonly hostPort: number;
  readonly hostPortEnd?: number;
}

export interface NetworkOptions {
  /** What the user said with `-o`. */
  readonly generic?: Readonly<Record<string, string>>;
  readonly enableIpv4?: boolean;
  readonly enableIpv6?: boolean;
  readonly internal?: boolean;
}

export interface EndpointOptions {
  readonly generic?: JsonObject;
  /** Such as `02:42:ac:11:00:02`. */
  readonly macAddress?: string;
  readonly exposedPorts?: readonly ExposedPort[];
  readonly portBindings?: readonly PortBinding[];
}

const prefix = 'com.docker.network';

/** Options of `createNetwork`. */
export function networkOptions(options: NetworkOptions): JsonObject {
  const { generic, enableIpv4, enableIpv6, internal } = options;
  return {
    ...(generic === undefined ? {} : { [`${prefix}.generic`]: generic }),
    ...(enableIpv4 === undefined ? {} : { [`${prefix}.enable_ipv4`]: enableIpv4 }),
    ...(enableIpv6 === undefined ? {} : { [`${prefix}.enable_ipv6`]: enableIpv6 }),
    ...(internal === undefined ? {} : { [`${prefix}.internal`]: internal }),
  };
}

/** Options of `createEndpoint`, `join` and `programExternalConnectivity`. */
export function endpointOptions(options: EndpointOptions): JsonObject {
  const { generic, macAddress, exposedPorts, portBindings } = options;
  return {
    ...(generic === undefined ? {} : { [`${prefix}.generic`]: generic }),
    ...(macAddress === undefined ? {} : { [`${prefix}.endpoint.macaddress`]: encodeMac(macAddress) }),
    ...(exposedPorts === undefined
      ? {}
      : { [`${prefix}.endpoint.exposedports`]: exposedPorts.map(exposedPortFields) }),
    ...(portBindings === undefined ? {} : { [`${prefix}.portmap`]: portBindings.map(portBindingFields) }),
  };
}

function exposedPortFields({ protocol, port }: ExposedPort): JsonObject {
  return { Proto: transportProtocols[protocol], Port: port };
}

function portBindingFields({
  protocol,
  port,
  address,
  hostAddress,
  hostPort,
  hostPortEnd,
}: PortBinding): JsonObject {
  return {
    Proto: transportProtocols[protocol],
    IP: address ?? '',
    Port: port,
    HostIP: hostAddress ?? '',
    HostPort: hostPort,
    HostPortEnd: hostPortEnd ?? hostPort,
  };
}
