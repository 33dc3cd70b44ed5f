/**
 * What CNI plugins are told, in which order, to give a network namespace an interface on the bridge. A pure function.
 */
import type { CniConfig } from './cni/call-cni-plugin.ts';
import { formatSubnet, type Ipv4Subnet } from './ipv4-subnet.ts';

export interface BridgeNetworkInput {
  readonly cniVersion: string;
  readonly bridge: string;
  readonly subnet: Ipv4Subnet;
  /** Where the addresses in use are kept, one file each. */
  readonly addressesDirectory: string;
  /** Of the interfaces, in bytes. */
  readonly mtu: number;
}

/** One step: a plugin and the interface that it concerns. */
export interface NetworkStep {
  readonly interfaceName: string;
  readonly config: CniConfig;
}

/** The plugin's interface on the bridge, by its name in the plugin. */
export const bridgedInterface = 'eth0';

/** The CNI plugins that a bridge takes, those included that others call. */
export const bridgePlugins: readonly string[] = ['bridge', 'host-local', 'firewall', 'loopback'];

/**
 * The steps. Later ones of the same interface are told what earlier ones answered.
 * @see https://www.cni.dev/plugins/current/main/bridge/, /ipam/host-local/, /meta/firewall/
 */
export function bridgeSteps(input: BridgeNetworkInput): readonly NetworkStep[] {
  const { cniVersion, bridge: name } = input;
  const ipam = {
    type: 'host-local',
    dataDir: input.addressesDirectory,
    ranges: [[{ subnet: formatSubnet(input.subnet) }]],
  };
  // The runtime brings loopback up only in a namespace that it made itself.
  const loopback = { cniVersion, name: 'lo', type: 'loopback' };
  const bridge = {
    cniVersion,
    name,
    type: 'bridge',
    bridge: name,
    ipam,
    mtu: input.mtu,
    // An address for the bridge itself, and the plugin's default route through it.
    isGateway: true,
    isDefaultGateway: true,
    // What leaves the host bears the host's address.
    ipMasq: true,
  };
  // Docker Engine and ufw forward nothing that is not allowed.
  const firewall = { cniVersion, name, type: 'firewall' };
  return [
    { interfaceName: 'lo', config: loopback },
    { interfaceName: bridgedInterface, config: bridge },
    { interfaceName: bridgedInterface, config: firewall },
  ];
}
