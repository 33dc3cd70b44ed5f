/**
 * Reading request bodies: bounded, in step with the reader, and never waiting for ever on a client that stalls.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { firstEvent, joinSignals } from '@outboard/async';
import { hasBoundedValues, maxJsonValues } from '@outboard/oci';
import { HttpError } from './errors.ts';

/** How much and how long to read. */
export interface BodyLimits {
  /** Largest JSON body in bytes; default 4 MiB. */
  readonly maxJsonBytes?: number;
  /** How long a client may send nothing while its bytes are waited for; default 60 s. A body has no limit in all. */
  readonly stallMs?: number;
  /** How many unread bytes to take in and drop before an early answer; default 1 GiB. */
  readonly maxDrainBytes?: number;
}

/** The body of one request; read it once, in one way. */
export interface RequestBody {
  /**
   * Read a JSON document.
   * @returns undefined when the body is empty: an empty body is an empty value, never a reason to skip a check
   * @throws {HttpError} 400 for another content type or bad JSON, 408 when the client stalls, 413 when it is too large
   */
  json(): Promise<unknown>;
  /**
   * The query parameters that a client sent as a form in the body.
   * @returns no parameters for a body of any other type
   */
  form(): Promise<URLSearchParams>;
  /** The bytes as they come. Ends with an error (408) when the client stalls, or when it goes away. */
  chunks(): AsyncGenerator<Buffer, void>;
  /** Whether `json()` or `form()` would read it, by its Content-Type: then it says what the request is to do. */
  readonly isDocument: boolean;
  /**
   * Take all of it in now; every later read gets these very bytes, so that what was checked is what is used.
   * @returns undefined when there is more than that: the request is to be refused then
   * @throws {HttpError} 408 when the client stalls
   */
  hold(maxBytes: number): Promise<Buffer | undefined>;
  /**
   * Take in and drop what is left, so that a client that is still sending can read its answer.
   * @throws {HttpError} when what is left never ends; the connection is of no further use then
   */
  drain(): Promise<void>;
}

const jsonType = 'application/json';
const formType = 'application/x-www-form-urlencoded';
const defaultMaxJsonBytes = 4 * 1024 * 1024;
const defaultStallMs = 60_000;
const defaultMaxDrainBytes = 1024 * 1024 * 1024;

/**
 * The body of an incoming request.
 * @param source its bytes; default the request itself
 */
export function createRequestBody(
  request: IncomingMessage,
  limits: BodyLimits = {},
  source: Readable = request,
): RequestBody {
  const { maxJsonBytes = defaultMaxJsonBytes, stallMs = defaultStallMs } = limits;
  const { maxDrainBytes = defaultMaxDrainBytes } = limits;
  const contentType = request.headers['content-type'];
  let stalled = false;
  let held: Buffer | undefined;
  const chunks = () =>
    held === undefined
      ? readChunks(source, stallMs, () => {
          stalled = true;
        })
      : oneChunk(held);
  return {
    isDocument: [jsonType, formType].includes(mediaType(contentType)),
    async hold(maxBytes) {
      held = await collect(chunks(), maxBytes);
      return held;
    },
    async json() {
      const bytes = await collectAtMost(chunks(), maxJsonBytes);
      if (bytes.length === 0) return undefined;
      requireJson(contentType);
      return parseJson(bytes);
    },
    async form() {
      if (mediaType(contentType) !== formType) return new URLSearchParams();
      return new URLSearchParams((await collectAtMost(chunks(), maxJsonBytes)).toString('latin1'));
    },
    chunks,
    async drain() {
      if (stalled) throw stall(stallMs);
      let left = maxDrainBytes;
      for await (const chunk of chunks()) {
        left -= chunk.length;
        if (left < 0)
          throw new HttpError(413, `more than ${maxDrainBytes} bytes of the request were not wanted`);
      }
    },
  };
}

/** Chunks in paused mode: a consumer that waits holds the client back, and only the client's own silence is timed. */
async function* readChunks(
  request: Readable,
  stallMs: number,
  onStall: () => void,
): AsyncGenerator<Buffer, void> {
  while (true) {
    const chunk: Buffer | null = request.read();
    if (chunk !== null) yield chunk;
    else if (request.readableEnded) return;
    else if (request.destroyed)
      throw new HttpError(400, 'the client went away before its request was complete');
    else if (!(await untilReadable(request, stallMs))) {
      onStall();
      throw stall(stallMs);
    }
  }
}

function stall(stallMs: number): HttpError {
  return new HttpError(408, `the request body stalled for ${stallMs / 1000} seconds`);
}

/**
 * Wait for bytes, the end, or the client's leaving; the loop around finds out which it was.
 * @returns false when nothing of the kind came in time
 */
async function untilReadable(request: Readable, stallMs: number): Promise<boolean> {
  using limit = joinSignals([], { timeoutMs: stallMs });
  const events = ['readable', 'end', 'close', 'error'] as const;
  return (await firstEvent(request, events, { signal: limit.signal })) !== undefined;
}

/** A body that was taken in before; it may be read again and again. */
async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer, void> {
  if (bytes.length > 0) yield bytes;
}

/** @returns undefined when there is more than that; what came beyond it is lost */
async function collect(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

async function collectAtMost(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const bytes = await collect(chunks, maxBytes);
  if (bytes === undefined) throw new HttpError(413, `the request body is larger than ${maxBytes} bytes`);
  return bytes;
}

/** Docker's rule and words since 23.0. Over TCP it is also what keeps web pages from posting plain text here (D11). */
function requireJson(contentType: string | undefined): void {
  if (contentType === undefined || contentType.trim() === '') {
    throw new HttpError(400, 'malformed Content-Type header (): mime: no media type');
  }
  if (mediaType(contentType) !== jsonType) {
    throw new HttpError(400, `unsupported Content-Type header (${contentType}): must be 'application/json'`);
  }
}

function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** V8's words for the error may repeat parts of the body, which may be secret; ours do not. */
function parseJson(bytes: Buffer): unknown {
  if (!hasBoundedValues(bytes)) {
    throw new HttpError(400, `the request body has more than ${maxJsonValues} JSON values`);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError && error.message.includes('after JSON')) {
      throw new HttpError(400, 'unexpected content after JSON');
    }
    throw new HttpError(400, 'invalid JSON: the request body is not one JSON document in UTF-8');
  }
}
