/**
 * Takes a blob over from another repository of the same registry.
 */
import type { Cancellable } from '@outboard/async';
import type { Digest } from '../../../digests/digest.ts';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import { readStart } from '../connections/bounded-body.ts';
import { type RetryPolicy, withRetries } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';

const maxAnswerBody = 64 * 1024;

/** Settings of a mount. */
export interface MountBlobOptions extends Cancellable {
  readonly retry: RetryPolicy;
  /** Path of the other repository; undefined: nothing is asked. */
  readonly mountFrom?: string | undefined;
}

/**
 * Ask the registry to take a blob over. A registry that does not, or whose other repository is closed to these
 * credentials, begins an upload instead: it is left alone, and the registry drops it.
 * @returns true when the repository has the blob now
 * @see OCI distribution-spec v1.1.1, "Mounting a blob from another repository"
 */
export async function mountBlob(
  session: Session,
  digest: Digest,
  { retry, mountFrom, signal }: MountBlobOptions,
): Promise<boolean> {
  if (mountFrom === undefined) return false;
  try {
    return await withRetries(retry, session.connections, signal, async () => {
      const response = await session.send({
        method: 'POST',
        target: 'blobs/uploads/',
        query: { mount: digest, from: mountFrom },
        body: new Uint8Array(),
        expect: [201, 202],
        signal,
      });
      await readStart(response, session.connections, maxAnswerBody);
      return response.status === 201;
    });
  } catch (error) {
    // The upload that follows tells what is wrong with the repository itself.
    const kinds = ['unauthorized', 'forbidden', 'not-found', 'invalid', 'not-implemented'];
    if (isOutboardError(error) && kinds.includes(error.kind)) return false;
    throw error;
  }
}
