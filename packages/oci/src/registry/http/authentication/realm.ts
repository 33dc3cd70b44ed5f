/**
 * Decides which token servers a registry may name, and which of them may see credentials. A registry that could name any
 * URL could send requests from this host, and collect the passwords of other registries.
 */
import { isIP } from 'node:net';
import { OutboardError } from '../../../errors/outboard-error.ts';
import { redactUrl } from '../failures/registry-error.ts';
import { hostnameOf, isPrivateAddress, isWithinReach, type Reach } from '../hosts/addresses.ts';

/** A pair of registry and token server that the operator trusts. Hosts with ports, as in URLs. */
export interface TrustedRealm {
  readonly registry: string;
  readonly realm: string;
}

/** A token server that requests may be sent to. */
export interface Realm {
  readonly url: URL;
  /** True if it may see the credentials for this registry. */
  readonly maySeeCredentials: boolean;
  /** True for the registry itself and for trusted pairs: such a server may be at any address. */
  readonly isNamed: boolean;
}

const wellKnown: readonly TrustedRealm[] = [
  { registry: 'registry-1.docker.io', realm: 'auth.docker.io' },
  { registry: 'registry.gitlab.com', realm: 'gitlab.com' },
];

const maxRealmLength = 2048;

/**
 * Check a realm of a Bearer challenge.
 *
 * | realm | allowed | sees credentials |
 * | --- | --- | --- |
 * | same host and port as the registry | yes | yes |
 * | a pair that the operator or this file names | yes | yes |
 * | HTTPS, a public name, same host name | yes | yes |
 * | HTTPS, a public name or address, or one within reach | yes | no |
 * | anything else | no | |
 *
 * HTTP is possible only where the registry itself is reached by HTTP.
 * @param registry the URL that the registry is reached by
 * @param reach addresses that the registry may name; host names are checked when they are connected to
 * @throws {OutboardError} forbidden
 */
export function checkRealm(
  text: string,
  registry: URL,
  trusted: readonly TrustedRealm[],
  reach: Reach = 'public',
): Realm {
  if (text.length > maxRealmLength || !URL.canParse(text))
    throw refuse(registry, text, 'it is not an absolute URL');
  const url = new URL(text);
  url.hash = '';
  const shown = redactUrl(url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refuse(registry, text, 'want http: or https:');
  if (url.username !== '' || url.password !== '') throw refuse(registry, shown, 'it holds a user name');
  if (url.protocol === 'http:' && registry.protocol === 'https:') {
    throw refuse(registry, shown, 'want https:, as the registry uses');
  }
  const isNamed = [...wellKnown, ...trusted].some(
    (pair) => pair.registry === registry.host && pair.realm === url.host,
  );
  if (url.host === registry.host || isNamed) return { url, maySeeCredentials: true, isNamed: true };
  const hostname = hostnameOf(url);
  const mayLeadThere = isIP(hostname) === 0 ? reach === 'loopback' : isWithinReach(hostname, reach);
  if (isPrivateAddress(hostname) && !mayLeadThere) {
    throw refuse(registry, shown, 'it is a private address other than the registry');
  }
  if (url.protocol === 'http:') throw refuse(registry, shown, 'want https:');
  return { url, maySeeCredentials: hostname === hostnameOf(registry), isNamed: false };
}

function refuse(registry: URL, realm: string, why: string): OutboardError {
  const shown = JSON.stringify(realm.slice(0, 200));
  return new OutboardError(
    'forbidden',
    `refusing the token server ${shown} of registry ${registry.host}: ${why}`,
  );
}
