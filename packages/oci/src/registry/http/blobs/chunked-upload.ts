/**
 * Uploads a blob in chunks. After a broken connection the registry is asked how far it came, and the upload goes on there.
 */
import type { Readable } from 'node:stream';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import type { Descriptor } from '../../../manifests/descriptor.ts';
import type { HttpResponse } from '../connections/connections.ts';
import type { Session } from '../session/session.ts';
import { sliceStream } from './slice-stream.ts';
import {
  beginUpload,
  countBytes,
  endUpload,
  nextLocation,
  type PushBlobOptions,
  type UploadState,
} from './upload-steps.ts';

/** Bytes of a chunk, unless the registry demands more. Smaller blobs are not worth going on with. */
export const chunkBytes = 16 * 1024 * 1024;

/** An upload that keeps its place between attempts. */
export interface ChunkedUpload {
  /** Begin the upload, or go on where the last attempt ended. */
  attempt(): Promise<void>;
}

/** Prepare an upload; nothing is sent before the first attempt. */
export function createChunkedUpload(
  session: Session,
  descriptor: Descriptor,
  openSource: () => Promise<Readable>,
  options: PushBlobOptions,
): ChunkedUpload {
  let state: UploadState | undefined;
  return {
    async attempt() {
      if (state !== undefined) state = await askState(session, state, descriptor, options);
      state ??= await beginUpload(session, options);
      const source = await openSource();
      try {
        const { offset, minChunkBytes } = state;
        const content = skipBytes(countBytes(source, descriptor, { ...options, from: offset }), offset);
        const rest = descriptor.size - offset;
        for (const slice of sliceStream(content, rest, Math.max(chunkBytes, minChunkBytes))) {
          state = await sendChunk(session, state, slice, options);
        }
        await endUpload(session, descriptor, { location: state.location, body: new Uint8Array() }, options);
      } finally {
        source.destroy();
      }
    },
  };
}

async function sendChunk(
  session: Session,
  { location, offset, minChunkBytes }: UploadState,
  slice: { readonly size: number; readonly content: AsyncIterable<Uint8Array> },
  { signal }: PushBlobOptions,
): Promise<UploadState> {
  const response = await session.send({
    method: 'PATCH',
    target: location,
    headers: {
      'content-type': 'application/octet-stream',
      'content-range': `${offset}-${offset + slice.size - 1}`,
    },
    body: slice,
    expect: [202, 204],
    signal,
  });
  return { location: await nextLocation(session, response), offset: offset + slice.size, minChunkBytes };
}

/**
 * Ask how many bytes of an upload the registry has.
 * @returns undefined when it does not tell: another upload has to begin
 * @see OCI distribution-spec v1.1.1, "Pushing a blob in chunks"
 */
async function askState(
  session: Session,
  { location, minChunkBytes }: UploadState,
  { size }: Descriptor,
  { signal }: PushBlobOptions,
): Promise<UploadState | undefined> {
  try {
    const response = await session.send({ method: 'GET', target: location, expect: [200, 204], signal });
    const offset = receivedBytes(response);
    const next = await nextLocation(session, response, location);
    return offset === undefined || offset > size ? undefined : { location: next, offset, minChunkBytes };
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    return undefined; // the registry has forgotten it, or never tells
  }
}

function receivedBytes(response: HttpResponse): number | undefined {
  const [, last] = /^(?:bytes=)?0-(\d{1,15})$/.exec(response.headers.get('range') ?? '') ?? [];
  if (last === undefined) return undefined;
  // Docker's registry sends 0-0 for an upload without a byte. Chunks are larger than the one byte that it could mean.
  return last === '0' ? 0 : Number(last) + 1;
}

async function* skipBytes(content: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let skip = count;
  for await (const chunk of content) {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}
