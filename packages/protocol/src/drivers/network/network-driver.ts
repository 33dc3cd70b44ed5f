/**
 * What a network driver is asked, and what it answers: NetworkDriver 1.0. IDs are opaque to the driver; networks and
 * endpoints are the caller's to count.
 * @see moby daemon/libnetwork/drivers/remote/api (28.x)
 */
import type { JsonObject } from '@outboard/oci';
import type { DriverCall } from '../driver-calls.ts';

/** One pool of a network, as its IPAM driver gave it. */
export interface NetworkPool {
  readonly addressSpace: string;
  /** Such as `10.0.0.0/24`. */
  readonly pool?: string;
  /** With the length of its prefix, such as `10.0.0.1/24`. */
  readonly gateway?: string;
  /** By name, each with the length of its prefix. */
  readonly auxAddresses?: Readonly<Record<string, string>>;
}

export interface NetworkRequest {
  readonly networkId: string;
  readonly ipv4: readonly NetworkPool[];
  readonly ipv6: readonly NetworkPool[];
}

/** Options whose values are whatever JSON the driver knows; see `endpointOptions`. */
export interface CreateNetworkRequest extends NetworkRequest {
  readonly options: JsonObject;
}

export interface AllocateNetworkRequest extends NetworkRequest {
  readonly options: Readonly<Record<string, string>>;
}

/** An endpoint of a network. */
export interface EndpointId {
  readonly networkId: string;
  readonly endpointId: string;
}

/** Addresses of an endpoint, '' for those that are not set: with the length of their prefix, and the hardware address. */
export interface EndpointAddresses {
  readonly address: string;
  readonly addressIpv6: string;
  readonly macAddress: string;
}

export interface CreateEndpointRequest extends EndpointId {
  /** What is given already; the driver fills in the rest. */
  readonly addresses?: Partial<EndpointAddresses>;
  readonly options: JsonObject;
}

export interface JoinRequest extends EndpointId {
  /** Path of the network namespace's file, as the plugin sees it. */
  readonly sandboxKey: string;
  readonly options: JsonObject;
}

/** A route of the container. */
export type StaticRoute =
  | { readonly type: 'next-hop'; readonly destination: string; readonly nextHop: string }
  | { readonly type: 'connected'; readonly destination: string };

/** How a container is connected. */
export interface JoinResult {
  /** The interface to be moved into the container, and how its name is to begin there; absent when there is none. */
  readonly interfaceName?: { readonly source: string; readonly destinationPrefix: string };
  /** Without prefix; '' for none. */
  readonly gateway: string;
  readonly gatewayIpv6: string;
  readonly staticRoutes: readonly StaticRoute[];
  /** The driver sees to the way out itself. */
  readonly disableGatewayService: boolean;
}

export interface NetworkCapabilities {
  /** `global`: networks are allocated by a cluster's manager, for all its nodes. */
  readonly scope: 'local' | 'global';
  readonly connectivityScope: 'local' | 'global';
  /** Whether `checkGatewayAllocation` may be called. */
  readonly checksGatewayAllocation: boolean;
}

/** A node of a cluster. */
export interface DiscoveredNode {
  readonly address: string;
  readonly bindAddress: string;
  /** Whether it is the one that the plugin runs on. */
  readonly isSelf: boolean;
}

/** Every call throws as `PluginClient.call`. */
export interface NetworkDriver {
  /** @throws {OutboardError} also when the scope is neither `local` nor `global` */
  capabilities(call?: DriverCall): Promise<NetworkCapabilities>;
  /** For a manager of networks of global scope. @returns options for `createNetwork` on the nodes */
  allocateNetwork(request: AllocateNetworkRequest, call?: DriverCall): Promise<ReadonlyMap<string, string>>;
  freeNetwork(networkId: string, call?: DriverCall): Promise<void>;
  /** Whether addresses for gateways are not needed, for a network with these options. Docker 28 and newer. */
  checkGatewayAllocation(
    options: JsonObject,
    call?: DriverCall,
  ): Promise<{ readonly skipsIpv4: boolean; readonly skipsIpv6: boolean }>;
  createNetwork(request: CreateNetworkRequest, call?: DriverCall): Promise<void>;
  deleteNetwork(networkId: string, call?: DriverCall): Promise<void>;
  /**
   * A driver that answers with an address that is none, or with one that was given already, is told to delete the
   * endpoint before this throws.
   * @returns only what the driver filled in
   */
  createEndpoint(request: CreateEndpointRequest, call?: DriverCall): Promise<EndpointAddresses>;
  /** @returns what the driver tells of the endpoint, for people; hardware addresses are base64 */
  endpointInfo(endpoint: EndpointId, call?: DriverCall): Promise<JsonObject>;
  deleteEndpoint(endpoint: EndpointId, call?: DriverCall): Promise<void>;
  /** A driver whose answer cannot be used is told to leave before this throws. */
  join(request: JoinRequest, call?: DriverCall): Promise<JoinResult>;
  leave(endpoint: EndpointId, call?: DriverCall): Promise<void>;
  /** A driver that does not know the method has nothing to do. */
  programExternalConnectivity(endpoint: EndpointId, options: JsonObject, call?: DriverCall): Promise<void>;
  /** A driver that does not know the method has nothing to do. */
  revokeExternalConnectivity(endpoint: EndpointId, call?: DriverCall): Promise<void>;
  /** A node came. */
  discoverNew(node: DiscoveredNode, call?: DriverCall): Promise<void>;
  /** A node went. */
  discoverDelete(node: DiscoveredNode, call?: DriverCall): Promise<void>;
}
