/**
 * Uploads blobs: in one request, or in chunks when the registry refuses large requests.
 */

import type { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import type { Digest } from '../../../digests/digest.ts';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { Descriptor } from '../../../manifests/descriptor.ts';
import { checkDescriptor } from '../../object-name.ts';
import type { PushedBlob, ReportBytes } from '../../registry-client.ts';
import { readStart } from '../connections/bounded-body.ts';
import type { HttpResponse } from '../connections/connections.ts';
import type { UploadBody } from '../connections/http-request.ts';
import { type RetryPolicy, withRetries } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';
import { mountBlob } from './mount-blob.ts';
import { sliceStream } from './slice-stream.ts';
import { uploadLocation, withDigest } from './upload-location.ts';

/** Settings of an upload. */
export interface PushBlobOptions extends Cancellable {
  readonly retry: RetryPolicy;
  readonly onProgress?: ReportBytes | undefined;
  /** See `RegistryAccess`. */
  readonly mountFrom?: string | undefined;
}

const chunkBytes = 16 * 1024 * 1024;
const maxChunkBytes = 1024 * 1024 * 1024;
const maxAnswerBody = 64 * 1024;
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
  let upload = uploadWhole;
  await withRetries(options.retry, session.connections, options.signal, async () => {
    try {
      await upload(session, descriptor, openSource, options);
    } catch (error) {
      if (upload === uploadChunked || !demandsChunks(error)) throw error;
      upload = uploadChunked;
      await upload(session, descriptor, openSource, options);
    }
  });
  return 'uploaded';
}

function demandsChunks(error: unknown): boolean {
  return (
    isOutboardError(error) && chunksDemanded.has(error.details?.status) && error.details?.method === 'PUT'
  );
}

type Upload = (
  session: Session,
  descriptor: Descriptor,
  openSource: () => Promise<Readable>,
  options: PushBlobOptions,
) => Promise<void>;

const uploadWhole: Upload = async (session, descriptor, openSource, options) => {
  const { location } = await begin(session, options);
  const sources: Readable[] = [];
  async function* open(): AsyncGenerator<Uint8Array> {
    const source = await openSource();
    sources.push(source);
    yield* countBytes(source, descriptor, options.onProgress);
  }
  try {
    const body = { size: descriptor.size, content: open(), reopen: open };
    await put(session, descriptor, { location, body }, options);
  } finally {
    for (const source of sources) source.destroy();
  }
};

const uploadChunked: Upload = async (session, descriptor, openSource, options) => {
  const begun = await begin(session, options);
  let { location } = begun;
  const source = await openSource();
  try {
    const content = countBytes(source, descriptor, options.onProgress);
    let offset = 0;
    for (const slice of sliceStream(content, descriptor.size, Math.max(chunkBytes, begun.minChunkBytes))) {
      const response = await session.send({
        method: 'PATCH',
        target: location,
        headers: {
          'content-type': 'application/octet-stream',
          'content-range': `${offset}-${offset + slice.size - 1}`,
        },
        body: slice,
        expect: [202, 204],
        signal: options.signal,
      });
      offset += slice.size;
      location = await nextLocation(session, response);
    }
    await put(session, descriptor, { location, body: new Uint8Array() }, options);
  } finally {
    source.destroy();
  }
};

async function begin(
  session: Session,
  options: PushBlobOptions,
): Promise<{ location: URL; minChunkBytes: number }> {
  const response = await session.send({
    method: 'POST',
    target: 'blobs/uploads/',
    body: new Uint8Array(),
    expect: [202],
    signal: options.signal,
  });
  const claimed = Number(response.headers.get('oci-chunk-min-length') ?? 0);
  return {
    location: await nextLocation(session, response),
    minChunkBytes: claimed > 0 && claimed <= maxChunkBytes ? claimed : 0,
  };
}

async function nextLocation(session: Session, response: HttpResponse): Promise<URL> {
  await readStart(response, session.connections, maxAnswerBody);
  return uploadLocation(response.url, response.headers.get('location'));
}

async function put(
  session: Session,
  descriptor: Descriptor,
  { location, body }: { readonly location: URL; readonly body: Uint8Array | UploadBody },
  options: PushBlobOptions,
): Promise<void> {
  const response = await session.send({
    method: 'PUT',
    target: withDigest(location, descriptor.digest),
    headers: { 'content-type': 'application/octet-stream' },
    body,
    storesBytes: descriptor.size,
    expect: [201, 204],
    signal: options.signal,
  });
  await readStart(response, session.connections, maxAnswerBody);
  const stored = response.headers.get('docker-content-digest');
  if (
    stored !== undefined &&
    stored !== descriptor.digest &&
    stored.startsWith(descriptor.digest.slice(0, 7))
  ) {
    throw new OutboardError(
      'invalid',
      `registry stored ${JSON.stringify(stored.slice(0, 200))} for a blob of digest ${descriptor.digest}`,
    );
  }
}

async function* countBytes(
  source: Readable,
  descriptor: Descriptor,
  onProgress: ReportBytes | undefined,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  const chunks: AsyncIterable<Buffer> = source; // the source of a blob is a byte stream without an encoding
  for await (const chunk of chunks) {
    sent += chunk.length;
    if (sent > descriptor.size) break;
    yield chunk;
    onProgress?.(sent);
  }
  // Reported here: the connection would only report that it broke off.
  if (sent !== descriptor.size) {
    const amount = sent > descriptor.size ? 'more' : sent;
    throw new OutboardError(
      'invalid',
      `the content of ${descriptor.digest} has ${amount} bytes, want ${descriptor.size}`,
    );
  }
}
