/**
 * Bounds the memory of request bodies that are held as a whole, such as those that authorization plugins see, over all
 * requests together: one body is small, but thousands of connections may each send one.
 */
import { HttpError } from './errors.ts';

/** Memory for bodies, shared by all requests. */
export interface BodyMemory {
  /** @param isRemote true for a client that came by TCP; such clients leave a part of the memory to others */
  open(isRemote: boolean): BodyShare;
}

/** Memory that one request holds. Disposing gives it back. */
export interface BodyShare extends Disposable {
  /** @throws {HttpError} 503 with Retry-After when all requests together would hold too much */
  take(bytes: number): void;
}

/** Share of the memory that TCP clients can use: too many of them do not block the unix socket. */
const remoteShare = 0.75;
const retryAfterSeconds = 1;

/** @param capacity in bytes */
export function createBodyMemory(capacity: number): BodyMemory {
  let used = 0;
  return {
    open(isRemote) {
      const limit = isRemote ? capacity * remoteShare : capacity;
      let taken = 0;
      return {
        take(bytes) {
          if (used + bytes > limit) {
            throw new HttpError(
              503,
              `too many request bodies are held at once: want at most ${limit} bytes`,
              {
                retryAfterSeconds,
              },
            );
          }
          used += bytes;
          taken += bytes;
        },
        [Symbol.dispose]() {
          used -= taken;
          taken = 0;
        },
      };
    },
  };
}
