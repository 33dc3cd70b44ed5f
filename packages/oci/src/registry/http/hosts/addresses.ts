/**
 * Classes of network addresses: loopback, link-local, private, CIDR blocks. Names are never resolved here.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';
import { OutboardError } from '../../../errors/outboard-error.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

// Cloud metadata services listen on link-local addresses and a few others: a redirect to one would make this host send
// its own secrets to a registry.
const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16);
linkLocal.addAddress('100.100.100.200'); // Alibaba Cloud
linkLocal.addAddress('168.63.129.16'); // Azure
linkLocal.addAddress('192.0.0.192'); // Oracle Cloud
linkLocal.addSubnet('fe80::', 10, 'ipv6');
linkLocal.addAddress('fd00:ec2::254', 'ipv6'); // AWS
linkLocal.addAddress('fd20:ce::254', 'ipv6'); // Google Cloud
linkLocal.addSubnet('64:ff9b::169.254.0.0', 112, 'ipv6');

// On Linux 0.0.0.0 reaches this machine.
const thisMachine = new BlockList();
thisMachine.addSubnet('127.0.0.0', 8);
thisMachine.addSubnet('0.0.0.0', 8);
thisMachine.addSubnet('::', 96, 'ipv6'); // with ::1 and the deprecated IPv4-compatible addresses
thisMachine.addSubnet('64:ff9b::127.0.0.0', 104, 'ipv6');

const notPublic = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  notPublic.addSubnet(network, prefix);
  // The same network behind a NAT64 gateway. RFC 6052
  notPublic.addSubnet(`64:ff9b::${network}`, 96 + prefix, 'ipv6');
}
for (const [network, prefix] of [
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv6');
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** The host name of a URL without the brackets of an IPv6 literal and without a final dot. */
export function hostnameOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

/** True for `localhost` and address literals of 127.0.0.0/8 and ::1. */
export function isLoopback(hostname: string): boolean {
  return hostname.toLowerCase() === 'localhost' || (isIP(hostname) !== 0 && contains(loopback, hostname));
}

/** True for a link-local address literal, or that of a cloud's metadata service. IPv4 inside IPv6 counts as IPv4. */
export function isLinkLocal(hostname: string): boolean {
  return isIP(hostname) !== 0 && contains(linkLocal, hostname);
}

/** True for `localhost` and address literals that the public internet does not route; false for other names. */
export function isPrivateAddress(hostname: string): boolean {
  return hostname.toLowerCase() === 'localhost' || (isIP(hostname) !== 0 && contains(notPublic, hostname));
}

/**
 * The addresses that may be used when a registry chose them (by a redirect or the name of a token server):
 * - `public`: addresses of the internet only;
 * - `private`: private networks too (RFC 1918, RFC 6598, RFC 4193);
 * - `loopback`: this machine too;
 * - `anywhere`: all, because the operator named the address or its registry.
 *
 * Link-local addresses and metadata services need `anywhere`.
 */
export type Reach = 'public' | 'private' | 'loopback' | 'anywhere';

/** True if an address literal is within reach. */
export function isWithinReach(address: string, reach: Reach): boolean {
  if (reach === 'anywhere') return true;
  if (isLinkLocal(address)) return false;
  if (contains(thisMachine, address)) return reach === 'loopback';
  return reach !== 'public' || !contains(notPublic, address);
}

/**
 * The reach of the addresses that a peer may name: networks that the peer itself can reach.
 * @param address undefined when it is not known
 */
export function reachFrom(address: string | undefined): Reach {
  if (address === undefined) return 'public';
  if (isWithinReach(address, 'public')) return 'public';
  return contains(thisMachine, address) ? 'loopback' : 'private';
}

/** A CIDR block, such as `10.0.0.0/8`. */
export interface AddressBlock {
  /** @param address an IPv4 or IPv6 literal without brackets */
  contains(address: string): boolean;
}

/**
 * Parse a CIDR block.
 * @returns undefined when the text has no slash
 * @throws {OutboardError} invalid
 */
export function parseAddressBlock(text: string): AddressBlock | undefined {
  const slash = text.indexOf('/');
  if (slash === -1) return undefined;
  const network = text.slice(0, slash);
  const prefixText = text.slice(slash + 1);
  const family = isIP(network);
  const prefix = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (family === 0 || !(prefix <= (family === 4 ? 32 : 128))) {
    throw new OutboardError('invalid', `invalid address block ${JSON.stringify(text)}: want ADDRESS/PREFIX`);
  }
  const list = new BlockList();
  list.addSubnet(network, prefix, family === 4 ? 'ipv4' : 'ipv6');
  return { contains: (address) => isIP(address) !== 0 && contains(list, address) };
}
