/**
 * Rules for `Location` headers: a registry must not redirect requests and credentials to arbitrary hosts.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';
import { redactUrl } from '../failures/registry-error.ts';
import { hostnameOf, isLinkLocal } from '../hosts/addresses.ts';

/** Upper bound of redirects of one request. */
export const maxRedirects = 5;

const longestLocation = 16 * 1024;

/** True for a redirect. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || keepsMethod(status);
}

/**
 * True for a redirect that a request follows: GET and HEAD any, others only one that keeps method and body, and only with a
 * body that can be sent again.
 * @see RFC 9110, 15.4
 */
export function followsRedirect(method: string, status: number, canRepeat: boolean): boolean {
  if (method === 'GET' || method === 'HEAD') return isRedirect(status);
  return keepsMethod(status) && canRepeat;
}

function keepsMethod(status: number): boolean {
  return status === 307 || status === 308;
}

/** Query parameters that hold the signature of S3, Google Cloud Storage, Azure, CloudFront, and those who copied them. */
const signatures = /^(?:x-\w+-signature|x-amz-security-token|signature|sig|q-signature|ossaccesskeyid)$/i;

/** True for a URL that authorizes its bearer: storage refuses a request with an `Authorization` header beside it. */
export function isSignedUrl(url: URL): boolean {
  return [...url.searchParams.keys()].some((name) => signatures.test(name));
}

/**
 * Resolve a `Location` header against the requested URL. The requested host itself is read as `https:` if it was asked so.
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
  // A registry that is not aware of its TLS proxy names itself with `http:`. It is not asked by plain HTTP.
  if (from.protocol === 'https:' && to.protocol === 'http:' && to.host === from.host) to.protocol = 'https:';
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
