/**
 * IPv4 addresses and ranges as numbers: pure rules.
 */

/** A range of addresses. */
export interface Range {
  /** The first address, which is that of the network. */
  readonly first: number;
  readonly prefixLength: number;
}

/** Parse `10.0.0.0/8`; bits after the prefix are cleared. @throws {Error} for anything else */
export function parseRange(text: string): Range {
  const [address = '', length = ''] = text.split('/');
  const prefixLength = Number(length);
  if (!/^\d{1,2}$/.test(length) || prefixLength < 1 || prefixLength > 30) {
    throw new Error(`range "${text}": want IPv4 with a prefix length from 1 to 30, such as "10.0.0.0/24"`);
  }
  const size = 2 ** (32 - prefixLength);
  return { first: Math.floor(parseAddress(address) / size) * size, prefixLength };
}

/** Number of addresses in a range. */
export function sizeOf({ prefixLength }: Range): number {
  return 2 ** (32 - prefixLength);
}

/** True if two ranges have an address in common. */
export function overlap(one: Range, other: Range): boolean {
  return one.first < other.first + sizeOf(other) && other.first < one.first + sizeOf(one);
}

/** True if a range has an address. */
export function contains(range: Range, address: number): boolean {
  return address >= range.first && address < range.first + sizeOf(range);
}

/** The number of an address such as `10.0.0.2`. @throws {Error} for anything else */
export function parseAddress(text: string): number {
  const parts = text.split('.');
  const numbers = parts.map(Number);
  if (
    parts.length !== 4 ||
    !parts.every((part) => /^\d{1,3}$/.test(part)) ||
    numbers.some((part) => part > 255)
  ) {
    throw new Error(`address "${text}": want IPv4, such as "10.0.0.2"`);
  }
  return numbers.reduce((sum, part) => sum * 256 + part, 0);
}

/** The text of an address. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** The text of a range. */
export function formatRange({ first, prefixLength }: Range): string {
  return `${formatAddress(first)}/${prefixLength}`;
}
