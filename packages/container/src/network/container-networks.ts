/**
 * The contract of container networks: a network namespace with an interface on the bridge, made for one container,
 * and removed after a stop and after a crash of the container, the daemon or the host.
 */
import type { Cancellable } from '@outboard/async';
import type { Logger } from 'pino';

/** The bridge that containers share. */
export interface BridgeOptions {
  /** Name of the bridge, at most 15 bytes; made when absent. One daemon at a time may use it. Default `outboard0`. */
  readonly name?: string | undefined;
  /** IPv4 subnet; default `10.87.0.0/24`, which Docker, Podman and Kubernetes do not use. */
  readonly subnet?: string | undefined;
  /** Addresses of name servers in place of the host's; default those of the host. */
  readonly nameServers?: readonly string[] | undefined;
}

/** Options of `createCniNetworks`. */
export interface CniNetworksOptions {
  readonly execRoot: string;
  readonly bridge?: BridgeOptions | undefined;
  readonly logger: Logger;
}

/** The network of a container, for its runtime spec. */
export interface AttachedNetwork {
  /** Path of the network namespace. */
  readonly namespacePath: string;
  /** Files on the host for `/etc/hosts` and `/etc/resolv.conf`. */
  readonly hostsPath: string;
  readonly resolvConfPath: string;
  /** Host name of the container, as in its hosts file. */
  readonly hostname: string;
  /** IPv4. */
  readonly address: string;
}

/** Networks of the containers of this host. Calls for one container run in turn. */
export interface ContainerNetworks {
  /**
   * Make the network of a container, after removing that of an earlier run.
   * @param options.signal checked between the steps, which take about 0.1 s each
   * @throws {OutboardError} conflict when the subnet overlaps a route of the host; system with the CNI plugin's
   *   message, or code `program-missing`; nothing is left behind then
   */
  attach(id: string, options?: Cancellable): Promise<AttachedNetwork>;
  /**
   * Remove the network: interface, address, firewall rules, namespace, files. Idempotent.
   * @throws {OutboardError} system; the rest is kept for another attempt
   */
  release(id: string): Promise<void>;
  /**
   * Check that the network is complete: other programs change bridges and firewall rules too.
   * @throws {OutboardError} system naming what is missing, in the CNI plugin's words
   */
  check(id: string): Promise<void>;
  /** IDs of containers that have a network, or parts of one. */
  present(): Promise<readonly string[]>;
}
