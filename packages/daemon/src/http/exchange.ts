/**
 * One request as a route sees it.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestBody } from './request-body.ts';

export interface Exchange {
  /** What stood for `{name}` in the path, decoded once; empty when the route has none. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: RequestBody;
  /** Aborted when the client goes away before its answer is complete, or when the daemon stops. */
  readonly signal: AbortSignal;
}
