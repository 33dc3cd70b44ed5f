/**
 * The steps of an upload: its begin, the way to its next location, and its end.
 */
import type { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '../../../errors/outboard-error.ts';
import type { Descriptor } from '../../../manifests/descriptor.ts';
import type { ReportBytes } from '../../registry-client.ts';
import { readStart } from '../connections/bounded-body.ts';
import type { HttpResponse } from '../connections/connections.ts';
import type { UploadBody } from '../connections/http-request.ts';
import type { RetryPolicy } from '../failures/retry.ts';
import type { Session } from '../session/session.ts';
import { uploadLocation, withDigest } from './upload-location.ts';

/** Settings of an upload. */
export interface PushBlobOptions extends Cancellable {
  readonly retry: RetryPolicy;
  readonly onProgress?: ReportBytes | undefined;
  /** See `RegistryAccess`. */
  readonly mountFrom?: string | undefined;
}

/** An upload that has begun. */
export interface UploadState {
  /** Target of the next request. */
  readonly location: URL;
  /** Bytes that the registry has. */
  readonly offset: number;
  /** Smallest chunk that the registry takes, in bytes; the last one may be smaller. */
  readonly minChunkBytes: number;
}

const maxChunkBytes = 1024 * 1024 * 1024;
const maxAnswerBody = 64 * 1024;

/** Begin an upload. @throws {OutboardError} by the registry's status */
export async function beginUpload(session: Session, { signal }: PushBlobOptions): Promise<UploadState> {
  const response = await session.send({
    method: 'POST',
    target: 'blobs/uploads/',
    body: new Uint8Array(),
    expect: [202],
    signal,
  });
  const claimed = Number(response.headers.get('oci-chunk-min-length') ?? 0);
  return {
    location: await nextLocation(session, response),
    offset: 0,
    minChunkBytes: claimed > 0 && claimed <= maxChunkBytes ? claimed : 0,
  };
}

/** The target of the next request. @param otherwise the target when the registry names none; default: that is an error */
export async function nextLocation(
  session: Session,
  response: HttpResponse,
  otherwise?: URL | undefined,
): Promise<URL> {
  await readStart(response, session.connections, maxAnswerBody);
  const location = response.headers.get('location');
  if (location === undefined && otherwise !== undefined) return otherwise;
  return uploadLocation(response.url, location);
}

/**
 * Send the last request of an upload, and check what the registry stored.
 * @throws {OutboardError} by the registry's status; invalid when it stored another digest
 */
export async function endUpload(
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

/**
 * Pass the content of a blob through, and compare its size with the descriptor.
 * @param options.from bytes that were sent before: they are not reported again
 * @throws {OutboardError} invalid, at its end
 */
export async function* countBytes(
  source: Readable,
  descriptor: Descriptor,
  { onProgress, from = 0 }: Pick<PushBlobOptions, 'onProgress'> & { readonly from?: number },
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  const chunks: AsyncIterable<Buffer> = source; // the source of a blob is a byte stream without an encoding
  for await (const chunk of chunks) {
    sent += chunk.length;
    if (sent > descriptor.size) break;
    yield chunk;
    if (sent > from) onProgress?.(sent);
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
