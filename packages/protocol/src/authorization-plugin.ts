/**
 * The typed client of AuthZPlugin: asks one plugin about a request before it runs, and about its answer before it is
 * sent. Whatever is not a clear "allowed" is an error or a denial.
 * @see moby pkg/authorization/api.go and authz.go (28.x)
 */
import { type JsonObject, OutboardError } from '@outboard/oci';
import { printable } from './plugin-answer.ts';
import type { CallOptions, PluginClient } from './plugin-client.ts';
import type { ReplyFields } from './plugin-reply.ts';

/** A request to be judged, as far as a plugin may see it. Secrets are the asker's to leave out. */
export interface AuthorizationRequest {
  /** Who asks, and how that is known (`TLS`); absent when it is not known. */
  readonly user?: { readonly name: string; readonly authenticationMethod: string };
  readonly method: string;
  /** The request target as it came: version prefix, escapes and query included. */
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Certificates of the client, its own first, as PEM. */
  readonly peerCertificates?: readonly string[];
}

/** An answer to be judged; empty for one that is streamed, and for a failed request. */
export interface AuthorizationResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** What a plugin decides. */
export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/**
 * Every call may be sent again when its reply was lost, and throws as `PluginClient.call`; also when the plugin allows
 * and reports an error at once, which Docker takes as leave.
 */
export interface AuthorizationPlugin {
  /** Whether a request may run. */
  judgeRequest(request: AuthorizationRequest, call?: JudgeOptions): Promise<Verdict>;
  /** Whether the answer to a request may be sent. */
  judgeResponse(
    request: AuthorizationRequest,
    response: AuthorizationResponse,
    call?: JudgeOptions,
  ): Promise<Verdict>;
}

export type JudgeOptions = Pick<CallOptions, 'signal' | 'timeoutMs'>;

const defaultTimeoutMs = 30_000;

/** Make an authorization plugin of a plugin. The client stays the caller's. */
export function createAuthorizationPlugin(client: PluginClient): AuthorizationPlugin {
  const ask = async (method: string, question: JsonObject, options: JudgeOptions): Promise<Verdict> => {
    const call = { timeoutMs: defaultTimeoutMs, ...options, idempotent: true, leavesErr: true };
    return readVerdict(await client.call(method, question, call), method);
  };
  return {
    judgeRequest: (request, call = {}) => ask('AuthZPlugin.AuthZReq', requestFields(request), call),
    judgeResponse(request, response, call = {}) {
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

function readVerdict(reply: ReplyFields, method: string): Verdict {
  const allow = reply.boolean('Allow');
  const err = printable(reply.text('Err'));
  if (!allow) return { allowed: false, reason: printable(reply.text('Msg')) || err };
  if (err !== '') throw new OutboardError('system', `${method}: ${err}`, { code: 'plugin-error' });
  return { allowed: true };
}
