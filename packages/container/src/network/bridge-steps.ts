/**
 * Configurations of the CNI plugins that give a network namespace an interface on the bridge, in order. A pure
 * function.
 */
import type { CniConfig } from './cni/call-cni-plugin.ts';
import { formatSubnet, type Ipv4Subnet } from './ipv4-subnet.ts';

/** Input of `bridgeSteps`. */
export interface BridgeNetworkInput {
  readonly cniVersion: string;
  readonly bridge: string;
  readonly subnet: Ipv4Subnet;
  /** Directory of the addresses in use, one file each. */
  readonly addressesDirectory: string;
  /** MTU of the interfaces, in bytes. */
  readonly mtu: number;
}

/** One step: a CNI plugin and its interface. */
export interface NetworkStep {
  readonly interfaceName: string;
  readonly config: CniConfig;
}

/** Name of the bridge interface inside the container. */
export const bridgedInterface = 'eth0';

/** CNI plugins that a bridge needs, those included that other CNI plugins call. */
export const bridgePlugins: readonly string[] = ['bridge', 'host-local', 'firewall', 'loopback'];

/**
 * Create the steps. A step gets the result of the previous step of the same interface.
 * @see https://www.cni.dev/plugins/current/main/bridge/, /ipam/host-local/, /meta/firewall/
 */
export function bridgeSteps(input: BridgeNetworkInput): readonly NetworkStep[] {
  const { cniVersion, bridge: name } = input;
  const ipam = {
    type: 'host-local',
    dataDir: input.addressesDirectory,
    ranges: [[{ subnet: formatSubnet(input.subnet) }]],
  };
  // The OCI runtime brings loopback up only in a namespace that it created itself.
  const loopback = { cniVersion, name: 'lo', type: 'loopback' };
  const bridge = {
    cniVersion,
    name,
    type: 'bridge',
    bridge: name,
    ipam,
    mtu: input.mtu,
    // The bridge gets an address, and the container its default route through it.
    isGateway: true,
    isDefaultGateway: true,
    // Masquerade: packets leave the host with the host's address.
    ipMasq: true,
  };
  // Docker Engine and ufw drop forwarded packets that no rule allows.
  const firewall = { cniVersion, name, type: 'firewall' };
  return [
    { interfaceName: 'lo', config: loopback },
    { interfaceName: bridgedInterface, config: bridge },
    { interfaceName: bridgedInterface, config: firewall },
  ];
}
