/**
 * Authorization of a route by plugins: they are asked before it runs, and before its reply is sent.
 */
import { joinSignals } from '@outboard/async';
import type { AuthorizationResponse } from '@outboard/engine';
import type { Authorize } from '../http/authorize.ts';
import type { Reply } from '../http/reply.ts';
import type { AskPlugin, AuthorizationChain } from './authorization-chain.ts';
import { describeReply, describeRequest } from './describe-exchange.ts';

/**
 * Create the authorization of all requests.
 * @param chainInForce called once per request, so that the same plugins authorize a request and its reply
 */
export function createAuthorize(chainInForce: () => AuthorizationChain): Authorize {
  return async (request, respond) => {
    const chain = chainInForce();
    if (chain.names.length === 0) return respond();
    const described = await describeRequest(request);
    const askRequest: AskPlugin = (plugin, signal) => plugin.authorizeRequest(described, { signal });
    await chain.authorize(askRequest, { signal: request.signal });
    // Plugins see the reply even if the client disconnected: the route has run.
    using scope = joinSignals([request.stopping]);
    const authorizeReply = (reply: AuthorizationResponse, skipStopped = false) =>
      chain.authorize((plugin, signal) => plugin.authorizeResponse(described, reply, { signal }), {
        signal: scope.signal,
        skipStopped,
      });
    const reply = await respondOrReportFailure(respond, () => authorizeReply({}));
    // A stream is authorized before it begins, and so before the work that it reports: a later refusal could not undo it.
    if (!('status' in reply)) await authorizeReply({});
    // The request may have disabled or removed a plugin of the chain; a reply without a body discloses nothing.
    else
      await authorizeReply(describeReply(reply, request.response, request.route), reply.body === undefined);
    return reply;
  };
}

/** As in Docker, plugins are asked about a failure without its status, and the client gets the error of the route. */
async function respondOrReportFailure(
  respond: () => Promise<Reply>,
  reportFailure: () => Promise<void>,
): Promise<Reply> {
  try {
    return await respond();
  } catch (error) {
    // The request has failed already, so that a refusal changes nothing.
    await reportFailure().catch(() => {});
    throw error;
  }
}
