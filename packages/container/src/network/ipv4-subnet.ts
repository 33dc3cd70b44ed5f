/**
 * IPv4 subnets as `a.b.c.d/n`. Pure functions.
 */
import { isIPv4 } from 'node:net';
import { OutboardError } from '@outboard/oci';

/** An IPv4 subnet. */
export interface Ipv4Subnet {
  /** Network address as a 32-bit number. */
  readonly first: number;
  /** Length of the prefix in bits. */
  readonly prefixLength: number;
}

const pattern = /^(?<address>[\d.]{7,15})\/(?<prefixLength>\d{1,2})$/;

/**
 * Parse a subnet with room for a bridge and at least one container.
 * @param name of the setting, for messages
 * @throws {OutboardError} invalid
 */
export function parseSubnet(text: string, name: string): Ipv4Subnet {
  const { address = '', prefixLength: digits = '' } = pattern.exec(text)?.groups ?? {};
  const prefixLength = Number(digits);
  if (!isIPv4(address) || prefixLength < 8 || prefixLength > 30) {
    throw wrong(name, text, 'want an IPv4 subnet of 8 to 30 bits such as "10.87.0.0/24"');
  }
  const subnet = { first: (toNumber(address) & maskOf(prefixLength)) >>> 0, prefixLength };
  if (formatSubnet(subnet) === `${address}/${prefixLength}`) return subnet;
  throw wrong(name, text, `it has bits set after the first ${prefixLength}; want "${formatSubnet(subnet)}"`);
}

/** Format a subnet as `a.b.c.d/n`. */
export function formatSubnet({ first, prefixLength }: Ipv4Subnet): string {
  return `${formatIpv4(first)}/${prefixLength}`;
}

/** Format an address as `a.b.c.d`. */
function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** True when two subnets have an address in common. */
export function subnetsOverlap(one: Ipv4Subnet, other: Ipv4Subnet): boolean {
  const mask = maskOf(Math.min(one.prefixLength, other.prefixLength));
  return ((one.first ^ other.first) & mask) === 0;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Network mask as a signed number, as bitwise operators produce. */
function maskOf(prefixLength: number): number {
  // JavaScript shifts modulo 32.
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength);
}

function wrong(name: string, text: string, reason: string): OutboardError {
  return new OutboardError('invalid', `${name} ${JSON.stringify(text)}: ${reason}`);
}
