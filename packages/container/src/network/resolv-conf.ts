/**
 * Resolver files of a container with a network namespace of its own. Pure functions.
 * @see resolv.conf(5), hosts(5)
 */
import { isIPv4 } from 'node:net';

/** The resolv.conf of a container. */
export interface ContainerResolvConf {
  readonly text: string;
  /** Name servers in the text. */
  readonly nameServers: readonly string[];
}

/**
 * Format the host's configuration without the name servers that only the host reaches: its loopback, where
 * systemd-resolved and dnsmasq listen, and IPv6 addresses, since the bridge has IPv4 only.
 * @param hostText content of the host's resolv.conf
 * @param nameServers in place of the host's; empty: those of the host
 */
export function formatResolvConf(hostText: string, nameServers: readonly string[]): ContainerResolvConf {
  const lines = hostText.split('\n').map((line) => line.trim());
  const ofHost = lines
    .map((line) => /^nameserver\s+(?<address>\S+)/.exec(line)?.groups?.address ?? '')
    .filter((address) => isIPv4(address) && !address.startsWith('127.'));
  const chosen = nameServers.length > 0 ? nameServers : ofHost;
  const others = lines.filter((line) => /^(?:search|domain|options)\s/.test(line));
  const text = [...chosen.map((address) => `nameserver ${address}`), ...others].map((line) => `${line}\n`);
  return { text: text.join(''), nameServers: chosen };
}

/**
 * Format the hosts file of a container.
 * @param address of the container, without prefix length
 */
export function formatHosts(address: string, hostname: string): string {
  return `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${address}\t${hostname}\n`;
}
