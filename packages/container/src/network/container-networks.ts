/**
 * The contract of plugins' networks: a network namespace with an interface on the bridge, made for one plugin, and taken
 * back after a stop, and after a crash of the plugin, of the daemon or of the host.
 */
import type { Cancellable } from '@outboard/async';
import type { Logger } from 'pino';

/** The network that plugins of type `bridge` share. */
export interface BridgeOptions {
  /** Name of the bridge, at most 15 bytes; made when absent. One engine at a time may use it. Default `outboard0`. */
  readonly name?: string | undefined;
  /** IPv4, such as the default `10.87.0.0/24`: none of Docker's, Podman's or Kubernetes's own. */
  readonly subnet?: string | undefined;
  /** Addresses of name servers in place of the host's; default none. */
  readonly nameServers?: readonly string[] | undefined;
}

export interface CniNetworksOptions {
  readonly execRoot: string;
  readonly bridge?: BridgeOptions | undefined;
  readonly logger: Logger;
}

/** What a plugin's container is to join. */
export interface AttachedNetwork {
  /** Path of the network namespace. */
  readonly namespacePath: string;
  /** Host sides of `/etc/hosts` and `/etc/resolv.conf`. */
  readonly hostsPath: string;
  readonly resolvConfPath: string;
  /** The name that its hosts file gives its address. */
  readonly hostname: string;
  /** IPv4. */
  readonly address: string;
}

/** Networks of plugins on this host. Calls for one plugin run one after another. */
export interface ContainerNetworks {
  /**
   * Give a plugin a network, after what an earlier run left of one is gone.
   * @param options.signal looked at between the steps, which take a tenth of a second each
   * @throws {OutboardError} conflict when the subnet overlaps a route of the host; system with the CNI plugin's words, or
   *   code `program-missing`; nothing is left behind then
   */
  attach(id: string, options?: Cancellable): Promise<AttachedNetwork>;
  /**
   * Take it back: interface, address, firewall rules, namespace, files. Idempotent.
   * @throws {OutboardError} system; what is left is kept for another try
   */
  release(id: string): Promise<void>;
  /**
   * Look whether a plugin's network is as it was made: others change bridges and firewall rules too.
   * @throws {OutboardError} system: what is missing, in the CNI plugin's words
   */
  check(id: string): Promise<void>;
  /** IDs of the plugins that have something of a network now. */
  present(): Promise<readonly string[]>;
}
