/**
 * Network drivers: the interface NetworkDriver 1.0 of Docker's plugin protocol. IDs are opaque to the driver; the caller
 * chooses them and keeps track of networks and endpoints.
 * @see moby daemon/libnetwork/drivers/remote/api (28.x)
 */
import type { Given, JsonObject, ValueOf } from '@outboard/oci';
import type { DriverCall } from '../driver-calls.ts';
import type {
  endpointAddressesCodec,
  endpointIdCodec,
  gatewayCheckCodec,
  joinCodec,
  networkCodec,
  nodeCodec,
  poolCodec,
} from './network-documents.ts';

/** One address pool of a network, as its IPAM driver returned it. */
export type NetworkPool = Given<ValueOf<typeof poolCodec>>;

/** A network and its address pools. */
export interface NetworkRequest extends Pick<ValueOf<typeof networkCodec>, 'networkId'> {
  readonly ipv4: readonly NetworkPool[];
  readonly ipv6: readonly NetworkPool[];
}

/** A network to create on this host. */
export interface CreateNetworkRequest extends NetworkRequest {
  /** Options of the driver; `networkOptions` makes those that all drivers know. */
  readonly options: JsonObject;
}

/** A network to allocate for a cluster. */
export interface AllocateNetworkRequest extends NetworkRequest {
  readonly options: Readonly<Record<string, string>>;
}

/** An endpoint of a network. */
export type EndpointId = ValueOf<typeof endpointIdCodec>;

/** Addresses of an endpoint; '' for one that is not set. */
export type EndpointAddresses = ValueOf<typeof endpointAddressesCodec>;

/** An endpoint to create. */
export interface CreateEndpointRequest extends EndpointId {
  /** Addresses that the caller has chosen; the driver may choose the others. */
  readonly addresses?: Partial<EndpointAddresses> | undefined;
  /** Options of the driver; `endpointOptions` makes those that all drivers know. */
  readonly options: JsonObject;
}

/** A container to connect to an endpoint. */
export interface JoinRequest extends EndpointId {
  /** Path of the network namespace in the plugin's mount namespace. */
  readonly sandboxKey: string;
  readonly options: JsonObject;
}

/** A route of the container. */
export type StaticRoute =
  | { readonly type: 'next-hop'; readonly destination: string; readonly nextHop: string }
  | { readonly type: 'connected'; readonly destination: string };

/** Interface, gateways and routes of a connected container. */
export interface JoinResult extends ValueOf<typeof joinCodec> {
  readonly staticRoutes: readonly StaticRoute[];
}

/** Scope and optional methods of a driver. */
export interface NetworkCapabilities {
  /** `global`: a cluster's manager allocates networks for all nodes. */
  readonly scope: 'local' | 'global';
  readonly connectivityScope: 'local' | 'global';
  /** The driver implements `checkGatewayAllocation`. */
  readonly checksGatewayAllocation: boolean;
}

/** A node of a cluster. */
export type DiscoveredNode = ValueOf<typeof nodeCodec>;

/** A network driver. Every method throws as `PluginClient.call`. */
export interface NetworkDriver {
  /** @throws {OutboardError} also when the scope is neither `local` nor `global` */
  capabilities(call?: DriverCall): Promise<NetworkCapabilities>;
  /** Allocate a network of global scope, on a cluster's manager. @returns options of `createNetwork` on the nodes */
  allocateNetwork(request: AllocateNetworkRequest, call?: DriverCall): Promise<ReadonlyMap<string, string>>;
  /** Release what `allocateNetwork` allocated. */
  freeNetwork(networkId: string, call?: DriverCall): Promise<void>;
  /** Ask whether a network with these options needs no gateway addresses. Docker 28 and newer. */
  checkGatewayAllocation(options: JsonObject, call?: DriverCall): Promise<ValueOf<typeof gatewayCheckCodec>>;
  createNetwork(request: CreateNetworkRequest, call?: DriverCall): Promise<void>;
  deleteNetwork(networkId: string, call?: DriverCall): Promise<void>;
  /**
   * Create an endpoint. If the driver returns a malformed address, or one where the caller gave its own, the endpoint is
   * deleted before this throws.
   * @returns the addresses that the driver chose
   */
  createEndpoint(request: CreateEndpointRequest, call?: DriverCall): Promise<EndpointAddresses>;
  /** @returns the driver's details of the endpoint, for display; hardware addresses are base64 */
  endpointInfo(endpoint: EndpointId, call?: DriverCall): Promise<JsonObject>;
  deleteEndpoint(endpoint: EndpointId, call?: DriverCall): Promise<void>;
  /** Connect a container. If the reply is malformed, `Leave` is called before this throws. */
  join(request: JoinRequest, call?: DriverCall): Promise<JoinResult>;
  leave(endpoint: EndpointId, call?: DriverCall): Promise<void>;
  /** Publish ports. A driver without this method has nothing to do. */
  programExternalConnectivity(endpoint: EndpointId, options: JsonObject, call?: DriverCall): Promise<void>;
  /** Withdraw published ports. A driver without this method has nothing to do. */
  revokeExternalConnectivity(endpoint: EndpointId, call?: DriverCall): Promise<void>;
  /** Notify the driver of a node that joined the cluster. */
  discoverNew(node: DiscoveredNode, call?: DriverCall): Promise<void>;
  /** Notify the driver of a node that left the cluster. */
  discoverDelete(node: DiscoveredNode, call?: DriverCall): Promise<void>;
}
