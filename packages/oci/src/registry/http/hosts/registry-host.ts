/**
 * The address of a registry and the TLS rules for it, from its name and the operator's list.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';
import { type AddressBlock, hostnameOf, isLoopback, parseAddressBlock } from './addresses.ts';

/**
 * TLS rules for a host:
 * - `strict`: HTTPS with a valid certificate only;
 * - `loopback`: also plain HTTP and any certificate, because the traffic does not leave this machine;
 * - `insecure`: also plain HTTP and any certificate, because the operator listed the host.
 */
export type HostTrust = 'strict' | 'loopback' | 'insecure';

/** A registry's address. */
export interface RegistryHost {
  /** Host and port to connect to, such as `registry-1.docker.io` or `127.0.0.1:5000`. */
  readonly host: string;
  /** The host without port and brackets. */
  readonly hostname: string;
}

/**
 * The address of the registry that a reference's domain names.
 * @throws {OutboardError} invalid when the domain is not HOST or HOST:PORT
 */
export function registryHost(domain: string): RegistryHost {
  const host = domain === 'docker.io' || domain === 'index.docker.io' ? 'registry-1.docker.io' : domain;
  const url = URL.canParse(`https://${host}/`) ? new URL(`https://${host}/`) : undefined;
  // A domain with `/`, `@` or `?` would make a URL with another host or path.
  if (url === undefined || !/^[\w.:[\]-]+$/.test(host) || url.pathname !== '/' || url.username !== '') {
    throw new OutboardError(
      'invalid',
      `invalid registry host ${JSON.stringify(domain)}: want HOST or HOST:PORT`,
    );
  }
  return { host, hostname: hostnameOf(url) };
}

/** The operator's list of registries that are used without verified TLS. */
export interface InsecureList {
  /** True if the list has address blocks, for which names must be resolved. */
  readonly hasBlocks: boolean;
  /** True if the list names this host, or one of its blocks contains one of the addresses. */
  includes(host: RegistryHost, addresses: readonly string[]): boolean;
  /** True if a block of the list contains this address. */
  containsAddress(address: string): boolean;
}

/**
 * Parse the operator's list: `HOST`, `HOST:PORT` or a CIDR block, as Docker's `insecure-registries`.
 * @throws {OutboardError} invalid
 */
export function parseInsecureList(entries: readonly string[]): InsecureList {
  const hosts = new Set<string>();
  const blocks: AddressBlock[] = [];
  for (const entry of entries) {
    const block = parseAddressBlock(entry);
    if (block !== undefined) blocks.push(block);
    else hosts.add(registryHost(entry).host.toLowerCase());
  }
  return {
    hasBlocks: blocks.length > 0,
    includes: ({ host, hostname }, addresses) =>
      hosts.has(host.toLowerCase()) ||
      blocks.some((block) => [hostname, ...addresses].some((address) => block.contains(address))),
    containsAddress: (address) => blocks.some((block) => block.contains(address)),
  };
}

/** The TLS rules for a host. @param addresses the addresses of its name, if it was resolved */
export function trustOf(host: RegistryHost, insecure: InsecureList, addresses: readonly string[]): HostTrust {
  if (insecure.includes(host, addresses)) return 'insecure';
  return isLoopback(host.hostname) ? 'loopback' : 'strict';
}
