/**
 * Canonical form of host names, for the comparison of `Host` headers with addresses and certificates.
 */
import { isIPv6 } from 'node:net';

const hostHeader = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::\d{1,5})?$/i;

/**
 * The host that a `Host` header names: in lower case, an IPv6 address in brackets and in its shortest form.
 * @returns undefined if the header is malformed
 */
export function parseHostHeader(header: string): string | undefined {
  const name = hostHeader.exec(header)?.[1];
  return name === undefined ? undefined : canonicalHostName(name);
}

/**
 * A host name or address in the form of `parseHostHeader()`. An IPv4-mapped IPv6 address becomes an IPv4 address.
 * @param name an IPv6 address with or without brackets
 */
export function canonicalHostName(name: string): string {
  const bare = name.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (!isIPv6(bare)) return name.toLowerCase();
  return (
    /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1] ?? new URL(`http://[${bare.split('%', 1)[0]}]/`).hostname
  );
}
