/**
 * Reading request bodies: bounded, in step with the reader, and never waiting for ever on a client that stalls.
 */
import type { IncomingMessage } from 'node:http';
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
  /**
   * Take in and drop what is left, so that a client that is still sending can read its answer.
   * @throws {HttpError} when what is left never ends; the connection is of no further use then
   */
  drain(): Promise<void>;
}

const defaultMaxJsonBytes = 4 * 1024 * 1024;
const defaultStallMs = 60_000;
const defaultMaxDrainBytes = 1024 * 1024 * 1024;

/** The body of an incoming request. */
export function createRequestBody(request: IncomingMessage, limits: BodyLimits = {}): RequestBody {
  const { maxJsonBytes = defaultMaxJsonBytes, stallMs = defaultStallMs } = limits;
  const { maxDrainBytes = defaultMaxDrainBytes } = limits;
  let stalled = false;
  const chunks = () =>
    readChunks(request, stallMs, () => {
      stalled = true;
    });
  return {
    async json() {
      const bytes = await collect(chunks(), maxJsonBytes);
      if (bytes.length === 0) return undefined;
      requireJson(request.headers['content-type']);
      return parseJson(bytes);
    },
    async form() {
      if (mediaType(request.headers['content-type']) !== 'application/x-www-form-urlencoded') {
        return new URLSearchParams();
      }
      return new URLSearchParams((await collect(chunks(), maxJsonBytes)).toString('latin1'));
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
  request: IncomingMessage,
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
function untilReadable(request: IncomingMessage, stallMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const events = ['readable', 'end', 'close', 'error'] as const;
    const settle = (inTime: boolean) => {
      clearTimeout(timer);
      for (const event of events) request.removeListener(event, onEvent);
      resolve(inTime);
    };
    const onEvent = () => settle(true);
    const timer = setTimeout(settle, stallMs, false);
    for (const event of events) request.on(event, onEvent);
  });
}

async function collect(chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new HttpError(413, `the request body is larger than ${maxBytes} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** Docker's rule and words since 23.0. Over TCP it is also what keeps web pages from posting plain text here (D11). */
function requireJson(contentType: string | undefined): void {
  if (contentType === undefined || contentType.trim() === '') {
    throw new HttpError(400, 'malformed Content-Type header (): mime: no media type');
  }
  if (mediaType(contentType) !== 'application/json') {
    throw new HttpError(400, `unsupported Content-Type header (${contentType}): must be 'application/json'`);
  }
}

function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The engine's words for the error would repeat parts of the body, which may be secret; ours do not. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new HttpError(400, 'invalid JSON: the request body is not one JSON document in UTF-8');
  }
}
