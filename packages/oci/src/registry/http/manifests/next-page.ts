/**
 * The links between the pages of a list.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';
import { redactUrl } from '../failures/registry-error.ts';

/** Upper bound of pages: a list is as long as the registry says, and a hostile one would never end. */
export const maxPages = 10_000;

/**
 * The URL of the next page, from a `Link` header.
 * @param own a page of the same list
 * @returns undefined on the last page
 * @throws {OutboardError} forbidden for a URL of another host or of another list; invalid for one that is malformed
 * @see RFC 8288; OCI distribution-spec v1.1.1, "Listing Tags"
 */
export function nextPage(own: URL, links: readonly string[]): URL | undefined {
  const target = links.flatMap(targetsOf)[0];
  if (target === undefined) return undefined;
  if (!URL.canParse(target, own.href)) {
    throw new OutboardError(
      'invalid',
      `${redactUrl(own)} names a next page that is not a URL: ${JSON.stringify(target.slice(0, 200))}`,
    );
  }
  const next = new URL(target, own);
  next.hash = '';
  // Only the registry itself: a link must not lead this host, or its credentials, anywhere else.
  if (next.origin !== own.origin || next.pathname !== own.pathname || next.username !== '') {
    throw new OutboardError(
      'forbidden',
      `refusing the next page of ${redactUrl(own)} at ${JSON.stringify(redactUrl(next).slice(0, 200))}: want a page of the same list`,
    );
  }
  return next;
}

/** Targets with the relation `next`, in a header such as `</v2/a/tags/list?last=x>; rel="next"`. */
function targetsOf(header: string): readonly string[] {
  const links = header.matchAll(/<([^<>]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:"[^"]*"|[^\s",;]*))*)/g);
  return [...links].flatMap(([, target = '', parameters = '']) =>
    /;\s*rel\s*=\s*"?(?:[^"]*\s)?next(?:\s[^"]*)?"?\s*(?:;|$)/i.test(parameters) ? [target] : [],
  );
}
