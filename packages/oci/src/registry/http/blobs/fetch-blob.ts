/**
 * Fetches blobs as verified streams, and small ones into memory.
 */
import type { Readable } from 'node:stream';
import { onAbort } from '@outboard/async';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { Descriptor } from '../../../manifests/descriptor.ts';
import { checkDescriptor } from '../../object-name.ts';
import type { OpenBlobOptions } from '../../registry-client.ts';
import { countRetries, type RetryPolicy } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';
import { createBlobSource } from './blob-source.ts';
import { VerifiedBlob } from './verified-blob.ts';

/** Settings of a fetch. */
export interface FetchBlobOptions extends OpenBlobOptions {
  /** Name of the repository for errors, such as `docker.io/library/alpine`. */
  readonly subject: string;
  readonly retry: RetryPolicy;
  /** True if another host may have other content than the one that sent this; see `BlobFetcher.openBlob`. */
  readonly mayDiffer?: (() => boolean) | undefined;
}

/**
 * Open a blob; see `BlobFetcher.openBlob`.
 * @throws {OutboardError} not-found, unauthorized, forbidden, unavailable; invalid for a malformed descriptor or another
 *   size in the registry, or an offset that is not within the blob
 */
export async function openBlob(
  session: Session,
  descriptor: Descriptor,
  options: FetchBlobOptions,
): Promise<Readable> {
  checkDescriptor(descriptor);
  options.signal?.throwIfAborted();
  const { offset = 0 } = options;
  requireOffset(descriptor, offset);
  const { clock, stallLimits } = session.connections;
  const source = createBlobSource(session, descriptor, options.subject);
  const retries = countRetries(options.retry, session.connections);
  const controller = new AbortController();
  let stream: VerifiedBlob | undefined;
  const release = onAbort(options.signal, (reason) => {
    controller.abort(reason);
    stream?.destroy(reason as Error); // reasons are errors by convention; a stream takes any value
  });
  try {
    for (;;) {
      try {
        const first = await source.open(offset, controller.signal);
        stream = new VerifiedBlob({
          descriptor,
          source,
          first,
          retries,
          clock,
          stallLimits,
          controller,
          offset,
          verify: offset === 0 && (options.verify ?? true),
          onResume: options.onResume,
          mayDiffer: options.mayDiffer,
        });
        stream.once('close', release);
        return stream;
      } catch (failure) {
        await retries.next(failure, controller.signal);
      }
    }
  } catch (error) {
    release();
    throw error;
  }
}

/** Fetch a blob into memory, once more if it changed while it was resumed; see `BlobFetcher.readBlob`. */
export async function readBlob(
  session: Session,
  descriptor: Descriptor,
  options: FetchBlobOptions & { readonly maxBytes: number },
): Promise<Buffer> {
  checkDescriptor(descriptor);
  if (descriptor.size > options.maxBytes) {
    throw new OutboardError(
      'invalid',
      `${descriptor.digest} is too large: ${descriptor.size} bytes, want at most ${options.maxBytes}`,
    );
  }
  try {
    return await readWhole(session, descriptor, options);
  } catch (error) {
    if (!isOutboardError(error) || error.code !== 'content-changed') throw error;
    return await readWhole(session, descriptor, options);
  }
}

async function readWhole(session: Session, descriptor: Descriptor, options: FetchBlobOptions) {
  const chunks: Buffer[] = [];
  const stream: AsyncIterable<Buffer> = await openBlob(session, descriptor, options);
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function requireOffset({ digest, size }: Descriptor, offset: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && (offset < size || offset === 0)) return;
  throw new OutboardError('invalid', `cannot open ${digest} at offset ${offset}: it has ${size} bytes`);
}
