/**
 * The client of AuthZPlugin: asks one plugin about a request before it runs, and about the response before it is
 * sent. Any answer that is not clearly "allowed" is an error or a denial.
 * @see moby pkg/authorization/api.go and authz.go (28.x)
 */
import { codec, type JsonObject, OutboardError } from '@outboard/oci';
import { printable } from '../../calls/plugin-answer.ts';
import type { PluginClient } from '../../calls/plugin-client.ts';
import type { ReplyFields } from '../../calls/plugin-reply.ts';
import { callsOf, type MethodRule } from '../driver-calls.ts';
import { requestCodec, responseCodec } from './authorization-documents.ts';
import type {
  AuthorizationDecision,
  AuthorizationPlugin,
  AuthorizationRequest,
} from './authorization-plugin.ts';

/** `Err` accompanies a denial as well, so it is read with the decision. */
const rule: MethodRule = { timeoutMs: 30_000, idempotent: true, leavesErr: true };

/** The authorization plugin that a plugin implements. The caller disposes the client. */
export function createAuthorizationPlugin(client: PluginClient): AuthorizationPlugin {
  const call = callsOf(client, 'AuthZPlugin', { AuthZReq: rule, AuthZRes: rule });
  return {
    async authorizeRequest(request, given) {
      return readDecision(await call('AuthZReq', requestFields(request), given), 'AuthZReq');
    },
    async authorizeResponse(request, response, given) {
      const fields = { ...requestFields(request), ...codec.encodeObject(responseCodec, response) };
      return readDecision(await call('AuthZRes', fields, given), 'AuthZRes');
    },
  };
}

function requestFields({ user, ...request }: AuthorizationRequest): JsonObject {
  return {
    ...(user && { User: user.name, UserAuthNMethod: user.authenticationMethod }),
    ...codec.encodeObject(requestCodec, request),
  };
}

function readDecision(reply: ReplyFields, method: string): AuthorizationDecision {
  const allow = reply.boolean('Allow');
  const err = printable(reply.text('Err'));
  if (!allow) return { allowed: false, reason: printable(reply.text('Msg')) || err };
  if (err !== '')
    throw new OutboardError('system', `AuthZPlugin.${method}: ${err}`, { code: 'plugin-error' });
  return { allowed: true };
}
