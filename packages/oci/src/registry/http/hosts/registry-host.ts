/**
 * Where a registry is and how far it is trusted, from its name and the operator's list alone.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';
import { type AddressBlock, hostnameOf, isLoopback, parseAddressBlock } from './addresses.ts';

/**
 * - `strict`: HTTPS with a certificate that verifies, and nothing else.
 * - `loopback`: plain HTTP and any certificate too, because it never leaves this machine.
 * - `insecure`: plain HTTP and any certificate, because the operator said so.
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
 * The address behind a reference's domain.
 * @throws {OutboardError} invalid when the domain is no host and port
 */
export function registryHost(domain: string): RegistryHost {
  const host = domain === 'docker.io' || domain === 'index.docker.io' ? 'registry-1.docker.io' : domain;
  const url = URL.canParse(`https://${host}/`) ? new URL(`https://${host}/`) : undefined;
  // A domain with `/`, `@` or `?` in it would name another place than it seems to.
  if (url === undefined || !/^[\w.:[\]-]+$/.test(host) || url.pathname !== '/' || url.username !== '') {
    throw new OutboardError(
      'invalid',
      `invalid registry host ${JSON.stringify(domain)}: want HOST or HOST:PORT`,
    );
  }
  return { host, hostname: hostnameOf(url) };
}

/** The operator's list of registries that need no verified TLS. */
export interface InsecureList {
  /** Whether names must be resolved to decide: the list has address blocks. */
  readonly hasBlocks: boolean;
  /** Whether the list names this host exactly, or a block of it holds one of the addresses. */
  includes(host: RegistryHost, addresses: readonly string[]): boolean;
  /** Whether a block of the list holds this address. */
  holds(address: string): boolean;
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
    holds: (address) => blocks.some((block) => block.contains(address)),
  };
}

/** How far to trust a host. @param addresses what its name resolves to, where that was asked */
export function trustOf(host: RegistryHost, insecure: InsecureList, addresses: readonly string[]): HostTrust {
  if (insecure.includes(host, addresses)) return 'insecure';
  return isLoopback(host.hostname) ? 'loopback' : 'strict';
}
