/**
 * Uploads blobs: in one request, or in chunks when the registry refuses large requests.
 */

import type { Readable } from 'node:stream';
import type { Digest } from '../../../digests/digest.ts';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import type { Descriptor } from '../../../manifests/descriptor.ts';
import { checkDescriptor } from '../../object-name.ts';
import type { PushedBlob } from '../../registry-client.ts';
import { readStart } from '../connections/bounded-body.ts';
import { TransientFailure, withRetries } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';
import { chunkBytes, createChunkedUpload } from './chunked-upload.ts';
import { mountBlob } from './mount-blob.ts';
import { beginUpload, countBytes, endUpload, type PushBlobOptions } from './upload-steps.ts';

/** Statuses of a HEAD request that do not tell whether the blob exists. */
const headRefused: readonly number[] = [403, 405];
/** Statuses of registries and their proxies for a request that was too large or of the wrong kind. */
const chunksDemanded: ReadonlySet<unknown> = new Set([405, 411, 413, 416]);

/**
 * Check for a blob; see `RepositoryPusher.hasBlob`. Some registries, and storage that registries redirect to, refuse HEAD
 * where they accept GET: they are asked for one byte then.
 */
export async function hasBlob(
  session: Session,
  digest: Digest,
  options: Pick<PushBlobOptions, 'retry' | 'signal'>,
): Promise<boolean> {
  const target = `blobs/${digest}`;
  return await withRetries(options.retry, session.connections, options.signal, async () => {
    const head = await session.send({
      method: 'HEAD',
      target,
      expect: [200, 404, ...headRefused],
      signal: options.signal,
    });
    await readStart(head, session.connections, 1);
    if (!headRefused.includes(head.status)) return head.status === 200;
    const response = await session.send({
      method: 'GET',
      target,
      headers: { range: 'bytes=0-0' },
      expect: [200, 206, 404, 416, ...headRefused],
      signal: options.signal,
    });
    await readStart(response, session.connections, 1);
    return response.status === 200 || response.status === 206;
  });
}

/**
 * Upload a blob unless the registry has it; see `RepositoryPusher.pushBlob`.
 * @throws {OutboardError} by the registry's status; invalid when it stored another digest, or when the size of
 *   the source differs from the descriptor
 * @see OCI distribution-spec v1.1.1, "Pushing blobs"
 */
export async function pushBlob(
  session: Session,
  descriptor: Descriptor,
  openSource: () => Promise<Readable>,
  options: PushBlobOptions,
): Promise<PushedBlob> {
  checkDescriptor(descriptor);
  if (await hasBlob(session, descriptor.digest, options)) return 'exists';
  if (await mountBlob(session, descriptor.digest, options)) return 'mounted';
  const chunked = createChunkedUpload(session, descriptor, openSource, options);
  let inChunks = false;
  await withRetries(options.retry, session.connections, options.signal, async () => {
    if (inChunks) return await chunked.attempt();
    try {
      await uploadWhole(session, descriptor, openSource, options);
    } catch (error) {
      // A large blob is sent again in chunks, so that it can go on where the connection breaks.
      inChunks = demandsChunks(error) || (error instanceof TransientFailure && descriptor.size > chunkBytes);
      if (!demandsChunks(error)) throw error;
      await chunked.attempt();
    }
  });
  return 'uploaded';
}

function demandsChunks(error: unknown): boolean {
  return (
    isOutboardError(error) && chunksDemanded.has(error.details?.status) && error.details?.method === 'PUT'
  );
}

async function uploadWhole(
  session: Session,
  descriptor: Descriptor,
  openSource: () => Promise<Readable>,
  options: PushBlobOptions,
): Promise<void> {
  const { location } = await beginUpload(session, options);
  const sources: Readable[] = [];
  async function* open(): AsyncGenerator<Uint8Array> {
    const source = await openSource();
    sources.push(source);
    yield* countBytes(source, descriptor, options);
  }
  try {
    const body = { size: descriptor.size, content: open(), reopen: open };
    await endUpload(session, descriptor, { location, body }, options);
  } finally {
    for (const source of sources) source.destroy();
  }
}
