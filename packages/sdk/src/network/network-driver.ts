/**
 * The interface that the author of a network driver implements.
 */
import type { CallContext } from '../wire/call.ts';

/** A pool of addresses of a network, as its IPAM driver gave it. */
export interface NetworkPool {
  readonly addressSpace: string;
  /** CIDR, such as `10.0.0.0/24`. */
  readonly pool?: string | undefined;
  /** CIDR of the gateway, such as `10.0.0.1/24`. */
  readonly gateway?: string | undefined;
  /** CIDR by name, of the operator's `--aux-address`. */
  readonly auxAddresses: ReadonlyMap<string, string>;
}

/** A network. */
export interface Network {
  /** ID of the engine's choice: 64 hexadecimal digits, or 25 letters and digits in a swarm. */
  readonly id: string;
  readonly ipv4: readonly NetworkPool[];
  readonly ipv6: readonly NetworkPool[];
  /** The operator's `-o key=value` options. */
  readonly driverOptions: ReadonlyMap<string, string>;
  /** The network has IPv6 (`--ipv6`). */
  readonly hasIpv6: boolean;
  /** The network must not reach the outside (`--internal`). */
  readonly isInternal: boolean;
  /** All options as the engine sent them, such as `com.docker.network.generic`. Keys are untrusted: ask for own ones only. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Addresses of an endpoint. */
export interface EndpointAddresses {
  /** CIDR, such as `10.0.0.2/24`. */
  readonly address?: string | undefined;
  /** CIDR. */
  readonly addressIpv6?: string | undefined;
  /** Such as `02:42:ac:11:00:02`. */
  readonly macAddress?: string | undefined;
}

/** A transport protocol. */
export type TransportProtocol = 'tcp' | 'udp' | 'sctp';

/** A port of the host that is forwarded to one of a container. */
export interface PortBinding {
  readonly protocol: TransportProtocol;
  readonly port: number;
  /** Address of the host; undefined for all. */
  readonly hostAddress?: string | undefined;
  /** First port of the range to choose from; 0 for any port. */
  readonly hostPort: number;
  /** Last port of the range. */
  readonly hostPortEnd: number;
}

/** The connection of a container to a network. */
export interface Endpoint extends EndpointAddresses {
  readonly id: string;
  readonly network: Network;
  /** The operator's `--driver-opt key=value` options. */
  readonly driverOptions: ReadonlyMap<string, string>;
  /** Ports of `-p`. */
  readonly portBindings: readonly PortBinding[];
  /** All options as the engine sent them. Keys are untrusted: ask for own ones only. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A route of a container. */
export type StaticRoute =
  | { readonly destination: string; readonly nextHop: string }
  /** The destination is reached directly through the interface. */
  | { readonly destination: string; readonly isConnected: true };

/** Interface, gateways and routes of a container. */
export interface JoinResult {
  /**
   * An interface in the network namespace of the engine, which moves it into the container, names it `<prefix>0` or with the
   * next free number, and gives it the addresses of the endpoint. Undefined if the driver does that itself.
   */
  readonly interface?: { readonly name: string; readonly prefix: string } | undefined;
  /** Address without prefix length. */
  readonly gateway?: string | undefined;
  /** Address without prefix length. */
  readonly gatewayIpv6?: string | undefined;
  readonly routes?: readonly StaticRoute[] | undefined;
  /** The engine must not connect the container to its own gateway network, as it does for one without gateway. Default false. */
  readonly disablesGatewayService?: boolean | undefined;
}

/** A network to allocate for a swarm. */
export interface NetworkAllocation {
  readonly id: string;
  readonly ipv4: readonly NetworkPool[];
  readonly ipv6: readonly NetworkPool[];
  readonly options: ReadonlyMap<string, string>;
}

/** A node of a swarm. */
export interface DiscoveredNode {
  readonly address: string;
  readonly bindAddress: string;
  /** The node is that of the plugin. */
  readonly isSelf: boolean;
}

/**
 * A network driver: it makes networks, and interfaces that connect containers to them.
 *
 * The SDK keeps networks and endpoints in the state directory, and passes them to the driver. It answers calls that engines
 * repeat after a lost connection with the result of the first one; deletion of what does not exist, and `leave` without
 * `join`, succeed. Calls for one network run one after another.
 *
 * An error fails the operator's command with its message; the engine then undoes the steps before: `deleteEndpoint` after
 * a failed `join`, `deleteNetwork` after a `createNetwork` whose command failed later. It waits for the time given when
 * the plugin was enabled, 30 s by default. Calls come from a daemon that may hold locks for all of its networks: be quick.
 */
export interface NetworkDriver {
  /** `global` if a swarm's manager allocates networks for all nodes. Default `local`. */
  readonly scope?: 'local' | 'global' | undefined;
  /** `global` if endpoints on different hosts reach each other. Default `scope`. */
  readonly connectivityScope?: 'local' | 'global' | undefined;
  /** Make a network on this host. Called for `docker network create`, once for each ID. */
  createNetwork(network: Network, context: CallContext): Promise<void>;
  /** Remove a network from this host. Its endpoints are deleted before. */
  deleteNetwork(network: Network, context: CallContext): Promise<void>;
  /**
   * Called when the plugin starts, for each network that it has, before other calls for it: make again what a reboot of the
   * host removed. The engine does not create its networks again. Failures are logged.
   */
  restoreNetwork?(network: Network, endpoints: readonly Endpoint[], context: CallContext): Promise<void>;
  /**
   * Reserve what a container needs to connect. Called when it starts, or for `docker network connect`.
   *
   * @returns addresses of the driver's choice, for those that the endpoint lacks only
   */
  createEndpoint(endpoint: Endpoint, context: CallContext): Promise<EndpointAddresses | undefined>;
  /** Release an endpoint. */
  deleteEndpoint(endpoint: Endpoint, context: CallContext): Promise<void>;
  /** Details of an endpoint for `docker inspect`, as JSON values. Default none. */
  endpointInfo?(endpoint: Endpoint, context: CallContext): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Make the interface of a container.
   *
   * @param sandboxKey path of its network namespace, in the mount namespace of the engine; the plugin sees it only with a mount
   */
  join(endpoint: Endpoint, sandboxKey: string, context: CallContext): Promise<JoinResult>;
  /** Undo `join`. The container may be gone, and its interfaces with it. */
  leave(endpoint: Endpoint, context: CallContext): Promise<void>;
  /** Publish ports. Called after `join`; Docker 28 does so only for the network that is the container's gateway. */
  programExternalConnectivity?(
    endpoint: Endpoint,
    ports: readonly PortBinding[],
    context: CallContext,
  ): Promise<void>;
  /** Withdraw published ports. Called before `leave`, also for an endpoint without any. */
  revokeExternalConnectivity?(endpoint: Endpoint, context: CallContext): Promise<void>;
  /**
   * Allocate a network for all nodes, on a swarm's manager: scope `global` needs it.
   *
   * @returns options that `createNetwork` gets on the nodes
   */
  allocateNetwork?(
    network: NetworkAllocation,
    context: CallContext,
  ): Promise<ReadonlyMap<string, string> | undefined>;
  /** Release what `allocateNetwork` allocated. The manager may have changed since: the ID may be unknown. */
  freeNetwork?(networkId: string, context: CallContext): Promise<void>;
  /** Tell for which families a network with these options needs no gateway address. Docker 28 and newer. */
  checkGatewayAllocation?(
    options: Readonly<Record<string, unknown>>,
    context: CallContext,
  ): Promise<{ readonly skipsIpv4: boolean; readonly skipsIpv6: boolean }>;
  /** A node joined the swarm, or this one did. Repeated; errors are logged by the engine only. */
  discoverNew?(node: DiscoveredNode, context: CallContext): Promise<void>;
  /** A node left the swarm. */
  discoverDelete?(node: DiscoveredNode, context: CallContext): Promise<void>;
}
