/**
 * The body of a request that may be sent several times: after a challenge, and after a redirect.
 */
import type { HttpRequest } from '../connections/http-request.ts';

/** Gives the body of each attempt. */
export interface RepeatedBody {
  /** False for a stream that cannot be opened again: it is sent once. */
  readonly canRepeat: boolean;
  /** The body for the next attempt. */
  take(): HttpRequest['body'];
}

/** Prepare the body of a request. */
export function repeatBody(body: HttpRequest['body']): RepeatedBody {
  if (body === undefined || body instanceof Uint8Array) return { canRepeat: true, take: () => body };
  const { reopen } = body;
  let taken = 0;
  return {
    canRepeat: reopen !== undefined,
    take: () => (taken++ === 0 || reopen === undefined ? body : { ...body, content: reopen() }),
  };
}
