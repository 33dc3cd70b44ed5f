/**
 * Locations of repositories: the hosts that an operator names as mirrors and as the place of a registry.
 */
import { OutboardError } from '../../errors/outboard-error.ts';
import { isDomain, isRepositoryPath } from '../../references/grammar.ts';

/** A place that repositories are at: a registry, and a path below which they are. */
export interface RegistryPlace {
  /** `HOST` or `HOST:PORT`. */
  readonly domain: string;
  /** Path below which the repositories are; empty for the whole registry. */
  readonly path: string;
  /** True for plain HTTP, without a try of HTTPS. */
  readonly plainHttp: boolean;
}

/**
 * Parse `[https://|http://]HOST[:PORT][/PATH]`.
 * @throws {OutboardError} invalid
 */
export function parsePlace(text: string): RegistryPlace {
  const [, scheme = '', rest = ''] = /^(https?:\/\/)?(.*)$/s.exec(text) ?? [];
  const [domain = '', ...segments] = rest.replace(/\/$/, '').split('/');
  const path = segments.join('/');
  if (isDomain(domain) && (path === '' || isRepositoryPath(path))) {
    return { domain, path, plainHttp: scheme === 'http://' };
  }
  throw new OutboardError(
    'invalid',
    // The part before an @ may hold a password.
    `invalid location ${JSON.stringify(text.slice(0, 300).replace(/^.*@/s, '***@'))}: want HOST[:PORT][/PATH], after https:// or http:// if you like`,
  );
}

/** The path of a repository at a place. @param rest its path below the place, which may be empty */
export function pathAt(place: RegistryPlace, rest: string): string {
  return [place.path, rest].filter(Boolean).join('/');
}
