/**
 * Addresses in the text forms that network and IPAM drivers use.
 * @see Go net.ParseCIDR, net.ParseIP, net.ParseMAC
 */
import { isIP } from 'node:net';
import { OutboardError } from '@outboard/oci';

/** The form that `isCidr` accepts, for messages. */
export const cidrForm = 'an address with a prefix length';

/** True for an IPv4 or IPv6 address with a prefix length, such as `10.0.0.2/24`, and without a zone. */
export function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  if (!isAddress(address) || rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return false;
  return Number(prefix) <= (isIP(address) === 4 ? 32 : 128);
}

/** True for an IPv4 or IPv6 address without a zone. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

/** Pairs with `:` or `-`, or groups of four with `.`: EUI-48, EUI-64 and InfiniBand, as Go reads them. */
const macForm = /^(?:[\da-f]{2}([:-])(?:[\da-f]{2}\1)+[\da-f]{2}|[\da-f]{4}(?:\.[\da-f]{4})+)$/i;
const macLengths: readonly number[] = [6, 8, 20];

/** True for a hardware address of 6, 8 or 20 bytes. */
export function isMac(text: string): boolean {
  return macForm.test(text) && macLengths.includes(hexOf(text).length / 2);
}

/** The usual form, such as `02:42:ac:11:00:02`. @param mac as `isMac` accepts, or '' */
export function formatMac(mac: string): string {
  return hexOf(mac).match(/../g)?.join(':') ?? '';
}

/**
 * A hardware address in the form of options and endpoint details: a Go byte slice, in base64.
 * @param mac as `isMac` accepts
 * @throws {OutboardError} invalid
 */
export function encodeMac(mac: string): string {
  if (!isMac(mac)) {
    const want = 'want 6, 8 or 20 bytes, such as "02:42:ac:11:00:02"';
    throw new OutboardError('invalid', `hardware address ${JSON.stringify(mac)}: ${want}`);
  }
  return Buffer.from(hexOf(mac), 'hex').toString('base64');
}

function hexOf(mac: string): string {
  return mac.replace(/[:.-]/g, '').toLowerCase();
}
