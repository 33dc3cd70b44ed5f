/**
 * Reads the pages of a list one after another.
 */
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '../../../errors/outboard-error.ts';
import { maxManifestBytes } from '../../../manifests/document-schema.ts';
import { readBounded } from '../connections/bounded-body.ts';
import type { ResponseHeaders } from '../connections/connections.ts';
import { redactUrl } from '../failures/registry-error.ts';
import { type RetryPolicy, withRetries } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';
import { maxPages, nextPage } from './next-page.ts';

/** A list of a repository. */
export interface PagedList extends Cancellable {
  /** Path below the repository, such as `tags/list`. */
  readonly target: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Name of a page in errors, such as `list of tags`. */
  readonly subject: string;
  readonly retry: RetryPolicy;
}

/** One page. */
export interface Page {
  /** At most 4 MiB. */
  readonly bytes: Buffer;
  readonly headers: ResponseHeaders;
}

/** Read the pages of a list; each is fetched when it is asked for. @throws as the session; invalid, forbidden, unavailable */
export async function* readPages(session: Session, list: PagedList): AsyncGenerator<Page> {
  const { query, headers, subject, retry, signal } = list;
  let target: string | URL = list.target;
  for (let count = 1; ; count++) {
    const current = target;
    const page = await withRetries(retry, session.connections, signal, async () => {
      const response = await session.send({
        method: 'GET',
        target: current,
        ...(typeof current === 'string' && { query }),
        headers,
        expect: [200],
        signal,
      });
      const bytes = await readBounded(response, session.connections, maxManifestBytes, subject);
      return { bytes, headers: response.headers, url: response.url };
    });
    yield page;
    const next = nextPage(page.url, page.headers.all('link'));
    if (next === undefined) return;
    if (count === maxPages || next.href === page.url.href) {
      throw new OutboardError('unavailable', `the ${subject} at ${redactUrl(page.url)} does not end`);
    }
    target = next;
  }
}
