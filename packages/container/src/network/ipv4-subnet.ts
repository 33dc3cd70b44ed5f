/**
 * IPv4 subnets as `a.b.c.d/n`. Pure functions.
 */
import { isIPv4 } from 'node:net';
import { OutboardError } from '@outboard/oci';

/** A range of addresses whose length is a power of two. */
export interface Ipv4Subnet {
  /** The first address, as a number of 32 bits. */
  readonly first: number;
  /** How many leading bits all addresses share. */
  readonly prefixLength: number;
}

const pattern = /^(?<address>[\d.]{7,15})\/(?<prefixLength>\d{1,2})$/;

/**
 * Parse a subnet in which a bridge and at least one plugin find an address.
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

export function formatSubnet({ first, prefixLength }: Ipv4Subnet): string {
  return `${formatIpv4(first)}/${prefixLength}`;
}

function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

export function subnetsOverlap(one: Ipv4Subnet, other: Ipv4Subnet): boolean {
  const mask = maskOf(Math.min(one.prefixLength, other.prefixLength));
  return ((one.first ^ other.first) & mask) === 0;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** As a signed number, like every result of a bitwise operator. */
function maskOf(prefixLength: number): number {
  // A shift by 32 is one by 0.
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength);
}

function wrong(name: string, text: string, reason: string): OutboardError {
  return new OutboardError('invalid', `${name} ${JSON.stringify(text)}: ${reason}`);
}
