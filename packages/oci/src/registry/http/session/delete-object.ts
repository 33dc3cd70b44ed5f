/**
 * Deletes a manifest, a tag or a blob.
 */
import type { Cancellable } from '@outboard/async';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import { readStart } from '../connections/bounded-body.ts';
import { notFound } from '../failures/registry-error.ts';
import { type RetryPolicy, withRetries } from '../failures/retry.ts';
import type { Session } from './session.ts';

/** An object to delete. */
export interface ObjectToDelete extends Cancellable {
  /** Path below the repository, such as `manifests/v1`. */
  readonly target: string;
  /** For errors, such as `docker.io/library/alpine:v1`. */
  readonly subject: string;
  readonly retry: RetryPolicy;
}

/**
 * Delete an object.
 * @throws {OutboardError} not-found; not-implemented when the registry does not delete such an object
 * @see OCI distribution-spec v1.1.1, "Content Management"
 */
export async function deleteObject(session: Session, object: ObjectToDelete): Promise<void> {
  const { target, subject, retry, signal } = object;
  // A try that broke off may have deleted it.
  let isRepeated = false;
  try {
    await withRetries(retry, session.connections, signal, async () => {
      const expect = isRepeated ? [200, 202, 204, 404] : [200, 202, 204];
      isRepeated = true;
      const response = await session.send({ method: 'DELETE', target, expect, signal });
      await readStart(response, session.connections, 64 * 1024);
    });
  } catch (cause) {
    if (isOutboardError(cause, 'not-found')) throw notFound(subject, cause);
    if (isOutboardError(cause, 'not-implemented')) {
      const message = `the registry does not delete ${subject}: it may not delete at all, or by digest only`;
      throw new OutboardError('not-implemented', message, { cause });
    }
    throw cause;
  }
}
