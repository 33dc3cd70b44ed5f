/**
 * Prefixes of repository names: `HOST[:PORT][/PATH]` or `*.DOMAIN[/PATH]`, to which entries of a configuration apply.
 * @see containers-registries.conf(5), "NAMESPACED [[registry]] SETTINGS"
 */
import { OutboardError } from '../../errors/outboard-error.ts';
import { isDomain, isRepositoryPath } from '../../references/grammar.ts';

/** A repository without tag and digest. */
export interface RepositoryName {
  /** Host and port, such as `docker.io` or `reg.example:5000`. */
  readonly domain: string;
  /** Path inside the registry, such as `library/alpine`. */
  readonly path: string;
}

/** A parsed prefix. */
export interface RegistryPrefix {
  /** As `hostKey` gives it; for a prefix that begins with `*.`, the part after the asterisk, such as `.example.com`. */
  readonly host: string;
  readonly isWildcard: boolean;
  /** Empty for all repositories of the host. */
  readonly path: string;
}

/** Names of Docker Hub, which all lead to the same registry. */
const hubNames: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * One spelling for all names of one host, for comparison: lower case, without port 443, addresses in their short form, and
 * `docker.io` for each name of Docker Hub. Another spelling must not lead around an entry that blocks a host.
 */
export function hostKey(domain: string): string {
  const url = `https://${domain}/`;
  const host = URL.canParse(url) ? new URL(url).host.replace(/\.(?=:\d+$|$)/, '') : domain.toLowerCase();
  return hubNames.has(host) ? 'docker.io' : host;
}

/**
 * Parse a prefix.
 * @throws {OutboardError} invalid
 */
export function parsePrefix(text: string): RegistryPrefix {
  const slash = text.indexOf('/');
  const host = slash === -1 ? text : text.slice(0, slash);
  const path = slash === -1 ? '' : text.slice(slash + 1);
  const isWildcard = host.startsWith('*.');
  const name = isWildcard ? host.slice(2) : host;
  if (isDomain(name) && (slash === -1 || isRepositoryPath(path))) {
    return { host: isWildcard ? `.${hostKey(name)}` : hostKey(name), isWildcard, path };
  }
  throw new OutboardError(
    'invalid',
    `invalid prefix ${JSON.stringify(text.slice(0, 300))}: want HOST, HOST:PORT, HOST/PATH or *.DOMAIN`,
  );
}

/** The part of a name that a prefix covers. */
export interface PrefixMatch {
  /** Characters of the name that the prefix covers: the longest match counts. */
  readonly length: number;
  /** The path after the covered part, without a slash at its beginning; empty if nothing is left. */
  readonly rest: string;
}

/** Match a name with a prefix. @returns undefined if the prefix does not cover the name */
export function matchPrefix(
  prefix: RegistryPrefix,
  { domain, path }: RepositoryName,
): PrefixMatch | undefined {
  const host = hostKey(domain);
  const isHost = prefix.isWildcard ? host.endsWith(prefix.host) : host === prefix.host;
  if (!isHost) return undefined;
  // An exact host takes precedence over an asterisk that covers the same name.
  const ofHost = host.length * 2 - (prefix.isWildcard ? 1 : 0);
  if (prefix.path === '') return { length: ofHost, rest: path };
  if (path !== prefix.path && !path.startsWith(`${prefix.path}/`)) return undefined;
  return { length: ofHost + (prefix.path.length + 1) * 2, rest: path.slice(prefix.path.length + 1) };
}
