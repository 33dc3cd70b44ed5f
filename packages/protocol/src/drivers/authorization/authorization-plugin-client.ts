/**
 * The client of AuthZPlugin: asks one plugin about a request before it runs, and about the response before it is
 * sent. Any answer that is not clearly "allowed" is an error or a denial.
 * @see moby pkg/authorization/api.go and authz.go (28.x)
 */
import { type JsonObject, OutboardError } from '@outboard/oci';
import { printable } from '../../calls/plugin-answer.ts';
import type { PluginClient } from '../../calls/plugin-client.ts';
import type { ReplyFields } from '../../calls/plugin-reply.ts';
import type { DriverCall } from '../driver-calls.ts';
import type {
  AuthorizationDecision,
  AuthorizationPlugin,
  AuthorizationRequest,
  AuthorizationResponse,
} from './authorization-plugin.ts';

const defaultTimeoutMs = 30_000;

/** Make an authorization plugin of a plugin. The client stays the caller's. */
export function createAuthorizationPlugin(client: PluginClient): AuthorizationPlugin {
  const ask = async (
    method: string,
    question: JsonObject,
    options: DriverCall,
  ): Promise<AuthorizationDecision> => {
    const call = { timeoutMs: defaultTimeoutMs, ...options, idempotent: true, leavesErr: true };
    return readDecision(await client.call(method, question, call), method);
  };
  return {
    authorizeRequest: (request, call = {}) => ask('AuthZPlugin.AuthZReq', requestFields(request), call),
    authorizeResponse(request, response, call = {}) {
      const question = { ...requestFields(request), ...responseFields(response) };
      return ask('AuthZPlugin.AuthZRes', question, call);
    },
  };
}

/** Empty fields are left out, as Go's `omitempty` does. */
function requestFields(request: AuthorizationRequest): JsonObject {
  const { user, method, uri, headers, body, peerCertificates = [] } = request;
  return {
    ...(user === undefined ? {} : { User: user.name, UserAuthNMethod: user.authenticationMethod }),
    RequestMethod: method,
    RequestUri: uri,
    ...(body === undefined || body.length === 0 ? {} : { RequestBody: body.toString('base64') }),
    ...(Object.keys(headers).length === 0 ? {} : { RequestHeaders: headers }),
    ...(peerCertificates.length === 0
      ? {}
      : { RequestPeerCertificates: peerCertificates.map((pem) => Buffer.from(pem).toString('base64')) }),
  };
}

function responseFields({ status, headers = {}, body }: AuthorizationResponse): JsonObject {
  return {
    ...(status === undefined ? {} : { ResponseStatusCode: status }),
    ...(body === undefined || body.length === 0 ? {} : { ResponseBody: body.toString('base64') }),
    ...(Object.keys(headers).length === 0 ? {} : { ResponseHeaders: headers }),
  };
}

function readDecision(reply: ReplyFields, method: string): AuthorizationDecision {
  const allow = reply.boolean('Allow');
  const err = printable(reply.text('Err'));
  if (!allow) return { allowed: false, reason: printable(reply.text('Msg')) || err };
  if (err !== '') throw new OutboardError('system', `${method}: ${err}`, { code: 'plugin-error' });
  return { allowed: true };
}
