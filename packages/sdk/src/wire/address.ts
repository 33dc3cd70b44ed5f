/**
 * Addresses in answers to engines, which break off the work on a network with a parse error, or undo it, when one is wrong.
 */
import { isIP } from 'node:net';

const macPattern = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;

/** True for an address with a prefix length, such as `10.0.0.2/24`. */
export function isCidr(text: string, family?: 4 | 6): boolean {
  const [address = '', length = '', ...rest] = text.split('/');
  const version = isIP(address);
  if (rest.length > 0 || version === 0 || !/^\d{1,3}$/.test(length)) return false;
  return Number(length) <= (version === 4 ? 32 : 128) && (family === undefined || version === family);
}

/** True for an address without a prefix length. */
export function isAddress(text: string, family?: 4 | 6): boolean {
  const version = isIP(text);
  return version !== 0 && (family === undefined || version === family);
}

/** True for a hardware address, such as `02:42:ac:11:00:02`. */
export function isMacAddress(text: string): boolean {
  return macPattern.test(text);
}
