/**
 * Where a `Location` header may lead. Pure: the rule that keeps credentials and requests away from places a
 * registry has no business to name.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';
import { redactUrl } from '../failures/registry-error.ts';
import { hostnameOf, isLinkLocal } from '../hosts/addresses.ts';

/** Redirects of one request, at most. */
export const maxRedirects = 5;

const longestLocation = 16 * 1024;

/** Whether a status is a redirect that a GET or HEAD follows. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * Resolve a `Location` header against the URL that was asked.
 * @throws {OutboardError} forbidden for another scheme than HTTP(S), a step from HTTPS down to HTTP, user names
 *   in the URL, and link-local addresses; invalid when there is no URL to read
 */
export function followLocation(from: URL, location: string | undefined): URL {
  // An empty one would resolve to the URL just asked, and so to a loop.
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
  // The registry's own address may be link-local if the operator says so; a stranger's pick may not.
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
