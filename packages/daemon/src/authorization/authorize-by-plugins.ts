/**
 * Puts the authorization plugins around a route: asked before it runs, and before its answer is sent.
 */
import { joinSignals } from '@outboard/async';
import type { AuthorizationResponse } from '@outboard/engine';
import type { Authorize } from '../http/authorize.ts';
import type { Reply } from '../http/reply.ts';
import type { AskPlugin, AuthorizationChain } from './authorization-chain.ts';
import { describeReply, describeRequest } from './describe-exchange.ts';

/** @param chainInForce asked once per request: it is judged by the same plugins from beginning to end */
export function createAuthorize(chainInForce: () => AuthorizationChain): Authorize {
  return async (request, respond) => {
    const chain = chainInForce();
    if (chain.names.length === 0) return respond();
    const described = await describeRequest(request);
    const authorizeRequest: AskPlugin = (plugin, signal) => plugin.authorizeRequest(described, { signal });
    await chain.judge(authorizeRequest, { signal: request.signal });
    // What was done is told also when the client did not wait for it.
    using scope = joinSignals([request.stopping]);
    const judge = (answer: AuthorizationResponse, skipStopped = false) =>
      chain.judge((plugin, signal) => plugin.authorizeResponse(described, answer, { signal }), {
        signal: scope.signal,
        skipStopped,
      });
    const reply = await respondOrTell(respond, () => judge({}));
    // A stream is judged before it begins, and so before what it reports on: afterwards no refusal could undo it.
    if (!('status' in reply)) await judge({});
    // The request may have been to disable or remove a plugin; in an answer without a body it has nothing to protect.
    else await judge(describeReply(reply, request.response, request.route), reply.body === undefined);
    return reply;
  };
}

/** As in Docker: plugins are told of a failure without its status, and it is the failure that the client hears of. */
async function respondOrTell(
  respond: () => Promise<Reply>,
  tellOfFailure: () => Promise<void>,
): Promise<Reply> {
  try {
    return await respond();
  } catch (error) {
    // There is nothing left to refuse, so what they say to it changes nothing.
    await tellOfFailure().catch(() => {});
    throw error;
  }
}
