/**
 * Asks a token server for a bearer token.
 */
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import { readBounded, readStart } from '../connections/bounded-body.ts';
import type { Connections, HttpResponse } from '../connections/connections.ts';
import { describeErrorBody, tokenServerStatus } from '../failures/registry-error.ts';
import { isTransientStatus, parseRetryAfter, TransientFailure } from '../failures/retry.ts';
import { accessHint } from './access-hint.ts';
import { parseTokenAnswer, type Token } from './token-answer.ts';
import { type TokenRequest, tokenRequests } from './token-request.ts';

const maxTokenBody = 1024 * 1024;
const maxErrorBody = 64 * 1024;
/** Statuses of token servers, and of the applications before them, for a form of request that they do not know. */
const formUnknown: ReadonlySet<number> = new Set([404, 405, 501]);

/**
 * Fetch a token. A token server that does not know the first form of the request is asked in the other one. Redirects are
 * not followed.
 * @throws {OutboardError} unauthorized or forbidden when the server refuses; unavailable when it has no such page; invalid
 *   when its response has no token
 * @throws {TransientFailure} for failures that may pass
 */
export async function fetchToken(connections: Connections, request: TokenRequest): Promise<Token> {
  let failure: Error | undefined;
  for (const form of tokenRequests(request)) {
    const response = await connections.exchange(form).catch((error: unknown) => {
      throw nameTokenServer(error, request);
    });
    if (response.status === 200) {
      const body = await readBounded(response, connections, maxTokenBody, 'the answer of the token server');
      const now = connections.clock.now().getTime();
      return parseTokenAnswer(body, request.realm, now, response.headers.get('date'));
    }
    const body = await readStart(response, connections, maxErrorBody);
    if (!isFormUnknown(response, body)) throw refusal(connections, response, body, request);
    failure ??= refusal(connections, response, body, request);
  }
  throw failure;
}

function isFormUnknown({ status }: HttpResponse, body: Buffer): boolean {
  return formUnknown.has(status) || describeErrorBody(body).startsWith('unsupported_grant_type');
}

/** Add to a failed connection whose token server this is: the user named the registry only. */
function nameTokenServer(failure: unknown, { realm, registry }: TokenRequest): unknown {
  if (realm.host === registry) return failure;
  const error = failure instanceof TransientFailure ? failure.error : failure;
  if (!isOutboardError(error, 'unavailable')) return failure;
  const named = new OutboardError(
    'unavailable',
    `the token server of registry "${registry}" cannot be reached: ${error.message}`,
    { cause: error },
  );
  return failure instanceof TransientFailure ? new TransientFailure(named, failure) : named;
}

function refusal(
  connections: Connections,
  response: HttpResponse,
  body: Buffer,
  request: TokenRequest,
): Error {
  const { registry, repository, credentials } = request;
  const error = tokenServerStatus(
    { ...response, body: request.isKnown ? body : Buffer.alloc(0) },
    accessHint({ registry, repository, by: 'token server', status: response.status, credentials }),
  );
  if (!isTransientStatus(response.status)) return error;
  return new TransientFailure(error, {
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), connections.clock.now().getTime()),
  });
}
