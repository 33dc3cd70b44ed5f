/**
 * The network that a plugin's container joins, in the terms of the runtime spec. Pure functions.
 */

import type { SpecNamespace } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import type { PluginConfig } from '../config/plugin-config.ts';

/** A network that exists before the container. */
export interface JoinedNetwork {
  /** Path of the network namespace. */
  readonly namespacePath: string;
  /** Host side of `/etc/hosts`. */
  readonly hostsPath: string;
  /** Host side of `/etc/resolv.conf`. */
  readonly resolvConfPath: string;
  /** The host name in the hosts file. */
  readonly hostname: string;
}

interface NetworkInput {
  readonly config: PluginConfig;
  readonly network?: JoinedNetwork | undefined;
}

/**
 * The network to join; undefined for plugins with the host's network, or with loopback only.
 * @throws {OutboardError} system: no network given for the bridge
 */
export function networkToJoin({ config, network }: NetworkInput): JoinedNetwork | undefined {
  if (config.network.type !== 'bridge') return undefined;
  if (network !== undefined) return network;
  throw new OutboardError('system', 'the config has a network of type "bridge": want the one to join');
}

/** A namespace of the spec. The one of a network to join exists already. */
export function namespaceOf(
  type: SpecNamespace,
  input: NetworkInput,
): { readonly type: SpecNamespace; readonly path?: string } {
  const network = type === 'network' ? networkToJoin(input) : undefined;
  return network === undefined ? { type } : { type, path: network.namespacePath };
}

/** List the host's own files that are mounted into a plugin at the same paths. A plugin with another network gets others. */
export function hostNetworkFiles({ network }: PluginConfig): readonly string[] {
  return network.type === '' || network.type === 'bridge' ? [] : ['/etc/hosts', '/etc/resolv.conf'];
}

/**
 * Host files by their paths in the plugin. Docker mounts the host's for every network type that is not empty, even `none`.
 */
export function networkFileSources(input: NetworkInput): ReadonlyMap<string, string> {
  if (input.config.network.type === '') return new Map();
  const network = networkToJoin(input);
  return new Map([
    ['/etc/hosts', network?.hostsPath ?? '/etc/hosts'],
    ['/etc/resolv.conf', network?.resolvConfPath ?? '/etc/resolv.conf'],
  ]);
}
