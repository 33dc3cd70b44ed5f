/**
 * The AuthZPlugin protocol over an author's decisions. With status 200 engines look at `Allow` alone, so each failure has
 * another status and `Allow: false`.
 * @see https://docs.docker.com/engine/extend/plugins_authorization/ and moby pkg/authorization/api.go, whose names differ
 */
import { messageOf } from '../plugin-error.ts';
import { type CallHandler, type Capability, servedCalls } from '../wire/call.ts';
import {
  integerField,
  type Message,
  malformed,
  requiredTextField,
  textField,
  textListField,
  textMapField,
} from '../wire/message.ts';
import type {
  AuthorizationDecision,
  AuthorizationRequest,
  AuthorizationResponse,
  Authorizer,
} from './authorizer.ts';
import { RequestBody } from './request-body.ts';

/** Body of 4 MiB, the engine's limit, and the engine's answer, each in base64, headers and certificates. */
const maxBodyBytes = 16 * 1024 * 1024;

/** Serve an authorizer. */
export function openAuthorizationCapability(authorizer: Authorizer): Capability {
  const handlers: Record<string, CallHandler> = {
    async AuthZReq(message, context) {
      return toDocument(await authorizer.authorizeRequest(readRequest(message), context));
    },
    async AuthZRes(message, context) {
      const request = readRequest(message);
      const response = readResponse(message);
      const decision = await authorizer.authorizeResponse?.(request, response, context);
      return decision === undefined && authorizer.authorizeResponse === undefined
        ? { Allow: true }
        : toDocument(decision);
    },
  };
  const failureBody = (message: string) => ({ Allow: false, Msg: message, Err: message });
  return { calls: servedCalls('AuthZPlugin', handlers, { maxBodyBytes, failureBody }) };
}

/** A driver in plain JavaScript can return anything; only `true` allows. */
function toDocument(decision: AuthorizationDecision | undefined): object {
  if (decision?.isAllowed === true) return { Allow: true };
  if (decision?.isAllowed === false) return { Allow: false, Msg: decision.message };
  throw new Error('the authorization plugin made no decision');
}

function readRequest(message: Message): AuthorizationRequest {
  const uri = requiredTextField(message, 'RequestUri');
  const { path, query } = readUri(uri);
  return {
    method: requiredTextField(message, 'RequestMethod'),
    uri,
    path,
    query,
    user: textField(message, 'User') || undefined,
    authenticationMethod: textField(message, 'UserAuthNMethod') || undefined,
    headers: headersField(message, 'RequestHeaders'),
    certificates: textListField(message, 'RequestPeerCertificates').map((base64) =>
      Buffer.from(base64, 'base64').toString('utf8'),
    ),
    body: bodyField(message, 'RequestBody'),
  };
}

function readResponse(message: Message): AuthorizationResponse {
  return {
    status: integerField(message, 'ResponseStatusCode'),
    headers: headersField(message, 'ResponseHeaders'),
    body: bodyField(message, 'ResponseBody'),
  };
}

/**
 * Path and query of a request target. A target in absolute form, which Go's server accepts too, has its path taken; one that
 * cannot be decoded is refused.
 */
function readUri(uri: string): { readonly path: string; readonly query: URLSearchParams } {
  const target = uri.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const at = target.indexOf('?');
  const encoded = at === -1 ? target : target.slice(0, at);
  let path: string;
  try {
    path = decodeURIComponent(encoded);
  } catch (cause) {
    throw malformed(`the target of the API request is not a path: ${messageOf(cause)}`);
  }
  return {
    path: path.replace(/^\/v[0-9.]+(?=\/)/, ''),
    query: new URLSearchParams(at === -1 ? '' : target.slice(at + 1)),
  };
}

function headersField(message: Message, name: string): ReadonlyMap<string, string> {
  return new Map([...textMapField(message, name)].map(([key, value]) => [key.toLowerCase(), value]));
}

function bodyField(message: Message, name: string): RequestBody | undefined {
  const base64 = textField(message, name);
  return base64 === '' ? undefined : new RequestBody(base64);
}
