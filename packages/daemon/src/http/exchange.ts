/**
 * The input of a route.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Consumer } from '@outboard/engine';
import type { RequestBody } from './request-body.ts';

/** One request, after it was routed and authorized. */
export interface Exchange {
  /** The part of the path at `{name}`, percent-decoded; empty for a route without it. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: RequestBody;
  /** Aborted when the client disconnects before the end of the response, or the daemon stops. */
  readonly signal: AbortSignal;
  /** The process that sent the request, as far as it is known. */
  readonly consumer: () => Consumer;
}
