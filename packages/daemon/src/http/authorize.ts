/**
 * The decision about a routed request, as the request handler needs it. The implementation with plugins is in
 * `authorization/`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './reply.ts';
import type { RequestBody } from './request-body.ts';

/** A request whose route is known. */
export interface RoutedRequest {
  readonly incoming: IncomingMessage;
  readonly body: RequestBody;
  /** Path of the route's row in the table, so that no spelling of the request target hides the route. */
  readonly route: string;
}

/** A request to be authorized, with its response. */
export interface AuthorizedRequest extends RoutedRequest {
  /** Has the headers that are sent in addition to the route's own. */
  readonly response: ServerResponse;
  /** Aborted when the client disconnects or the daemon stops. */
  readonly signal: AbortSignal;
  /** Aborted when the daemon stops. */
  readonly stopping: AbortSignal;
}

/**
 * Run a route if the request is allowed.
 * @returns the route's reply, if the reply is allowed too
 * @throws {OutboardError} forbidden or system when request or reply is refused; any error of the route
 */
export type Authorize = (request: AuthorizedRequest, respond: () => Promise<Reply>) => Promise<Reply>;
