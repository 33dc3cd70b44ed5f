/**
 * Reads request bodies: bounded, at the speed of the consumer, and with a time limit for clients that stall.
 */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { watchEvents } from '@outboard/async';
import { hasBoundedValues } from '@outboard/oci';
import type { BodyShare } from './body-memory.ts';
import { HttpError } from './errors.ts';

/** Limits of one body. */
export interface BodyLimits {
  /** Largest JSON body or form in bytes; default 4 MiB. */
  readonly maxJsonBytes?: number | undefined;
  /** Time without a byte from the client while the body is read; default 60 s. The whole body has no time limit. */
  readonly stallMs?: number | undefined;
  /** Largest unread rest of a body that is drained before the response; default 1 GiB. */
  readonly maxDrainBytes?: number | undefined;
  /** Time for a whole JSON body or form, which is held in memory while it arrives; default twice `stallMs`. */
  readonly maxDocumentMs?: number | undefined;
  /** Memory of bodies that are held as a whole; default unbounded. */
  readonly memory?: BodyShare | undefined;
}

/** The body of one request; use one of its methods, once. */
export interface RequestBody {
  /**
   * Read a JSON document.
   * @returns undefined for an empty body, which is an empty value and never a reason to skip a check
   * @throws {HttpError} 400 for another content type or malformed JSON, 408 if the client stalls, 413 if it is too large
   */
  json(): Promise<unknown>;
  /**
   * Read the query parameters of a form.
   * @returns no parameters for a body of another type
   * @throws {HttpError} 408 if the client stalls, 413 if it is too large
   */
  form(): Promise<URLSearchParams>;
  /** The bytes as they arrive. Ends with an error if the client stalls (408) or disconnects (400). */
  chunks(): AsyncGenerator<Buffer, void>;
  /** True if the Content-Type is JSON or a form: then the body decides what the request does. */
  readonly isDocument: boolean;
  /**
   * Read the whole body now. Every later read returns the same bytes, so that the checked bytes are the used ones.
   * @returns undefined if the body is larger; the request has to be refused then
   * @throws {HttpError} 408 if the client stalls
   */
  buffer(maxBytes: number): Promise<Buffer | undefined>;
  /**
   * Read and drop the rest, so that a client that is still sending can read the response.
   * @throws {HttpError} if the rest is too large or stalls; the connection has to be closed then
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
 * @param source the bytes; default the request itself
 */
export function createRequestBody(
  request: IncomingMessage,
  limits: BodyLimits = {},
  source: Readable = request,
): RequestBody {
  const { maxJsonBytes = defaultMaxJsonBytes, stallMs = defaultStallMs } = limits;
  const { maxDrainBytes = defaultMaxDrainBytes, maxDocumentMs = 2 * stallMs, memory } = limits;
  const contentType = request.headers['content-type'];
  let isStalled = false;
  let buffered: Buffer | undefined;
  const onStall = () => {
    isStalled = true;
  };
  const chunks = () => (buffered === undefined ? readChunks(source, stallMs, onStall) : oneChunk(buffered));
  const whole = (maxBytes: number) =>
    collect(chunks(), {
      maxBytes,
      maxMs: maxDocumentMs,
      // A buffered body is read again: it is held already.
      hold: (bytes) => {
        if (buffered === undefined) memory?.take(bytes);
      },
    });
  const document = async () => {
    const bytes = await whole(maxJsonBytes);
    if (bytes !== undefined) return bytes;
    throw new HttpError(413, `the request body is larger than ${maxJsonBytes} bytes`);
  };
  return {
    isDocument: [jsonType, formType].includes(mediaType(contentType)),
    async buffer(maxBytes) {
      buffered = await whole(maxBytes);
      return buffered;
    },
    async json() {
      const bytes = await document();
      if (bytes.length === 0) return undefined;
      requireJson(contentType);
      return parseJson(bytes);
    },
    async form() {
      if (mediaType(contentType) !== formType) return new URLSearchParams();
      return new URLSearchParams((await document()).toString('latin1'));
    },
    chunks,
    async drain() {
      if (isStalled) throw stallError(stallMs);
      await dropAtMost(chunks(), maxDrainBytes);
    },
  };
}

/** Read in paused mode: a slow consumer slows the client down, and only the client's own pauses are timed. */
async function* readChunks(
  source: Readable,
  stallMs: number,
  onStall: () => void,
): AsyncGenerator<Buffer, void> {
  // The loop finds out which of them it was.
  using changes = watchEvents(source, ['readable', 'end', 'close', 'error'], stallMs);
  while (true) {
    const chunk: Buffer | null = source.read();
    if (chunk !== null) yield chunk;
    else if (source.readableEnded) return;
    else if (source.destroyed)
      throw new HttpError(400, 'the client went away before its request was complete');
    else if (!(await changes.next())) {
      onStall();
      throw stallError(stallMs);
    }
  }
}

function stallError(stallMs: number): HttpError {
  return new HttpError(408, `the request body stalled for ${stallMs / 1000} seconds`);
}

/** A buffered body; it may be read repeatedly. */
async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer, void> {
  if (bytes.length > 0) yield bytes;
}

interface CollectLimits {
  readonly maxBytes: number;
  readonly maxMs: number;
  /** Called before bytes are kept. @throws when there is no memory for them */
  readonly hold: (bytes: number) => void;
}

/** @returns undefined if there is more; the read bytes are lost then */
async function collect(
  chunks: AsyncIterable<Buffer>,
  { maxBytes, maxMs, hold }: CollectLimits,
): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  const startedAt = performance.now();
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    // A client that sends a byte from time to time would hold the memory for ever.
    if (performance.now() - startedAt > maxMs)
      throw new HttpError(408, `the request body did not arrive within ${maxMs / 1000} seconds`);
    hold(chunk.length);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

async function dropAtMost(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<void> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new HttpError(413, `the unread part of the request exceeds ${maxBytes} bytes`);
  }
}

/** Docker's rule and text since 23.0. Over TCP it also prevents that web pages post plain text (D11). */
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

/**
 * Upper bound of the values in a body, which is parsed in one turn of the event loop. The largest are the privileges of a
 * config at its own bounds: some 11,000.
 */
const maxBodyValues = 16_384;

/** The errors of V8 may repeat parts of the body, which may be secret; these do not. */
function parseJson(bytes: Buffer): unknown {
  if (!hasBoundedValues(bytes, maxBodyValues)) {
    throw new HttpError(400, `the request body has more than ${maxBodyValues} JSON values`);
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
