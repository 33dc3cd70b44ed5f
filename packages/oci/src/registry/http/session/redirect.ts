/**
 * Rules for `Location` headers: a registry must not redirect requests and credentials to arbitrary hosts.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';
import { redactUrl } from '../failures/registry-error.ts';
import { hostnameOf, isLinkLocal } from '../hosts/addresses.ts';

/** Upper bound of redirects of one request. */
export const maxRedirects = 5;

const longestLocation = 16 * 1024;

/** True for a redirect that GET and HEAD follow. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * Resolve a `Location` header against the requested URL.
 * @throws {OutboardError} forbidden for a scheme other than HTTP(S), a redirect from HTTPS to HTTP, a URL with a user name,
 *   and link-local addresses; invalid when the header is not a URL
 */
export function followLocation(from: URL, location: string | undefined): URL {
  // An empty one would resolve to the requested URL: a loop.
  if (!location || location.length > longestLocation || !URL.canParse(location, from.href)) {
    throw new OutboardError(
      'invalid',
      `${redactUrl(from)} answered with a redirect to nowhere: want a URL in Location`,
    );
  }
  const to = new URL(location, from);
  to.hash = '';
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw refuse(from, to.protocol, 'want http: or https:');
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw refuse(from, redactUrl(to), 'it would leave HTTPS');
  }
  if (to.username !== '' || to.password !== '') throw refuse(from, redactUrl(to), 'it holds a user name');
  // The registry itself may be at a link-local address that the operator named; other hosts may not.
  if (to.host !== from.host && isLinkLocal(hostnameOf(to))) {
    throw refuse(from, redactUrl(to), 'the address is link-local');
  }
  return to;
}

function refuse(from: URL, to: string, why: string): OutboardError {
  return new OutboardError(
    'forbidden',
    `refusing the redirect from ${redactUrl(from)} to ${JSON.stringify(to)}: ${why}`,
  );
}
