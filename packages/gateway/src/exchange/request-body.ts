/**
 * Bodies of requests to the gateway, bounded.
 */
import type { IncomingMessage } from 'node:http';
import { type Cancellable, onAbort, withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { MethodRule } from '../translation/method-rules.ts';

/**
 * Read a whole body.
 * @param maxBytes upper bound
 * @throws {OutboardError} invalid, code `request-too-large` or `request-cut-off`; the signal's reason
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  { signal }: Cancellable,
): Promise<Buffer> {
  const { promise, resolve, reject } = withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) reject(tooLarge(maxBytes));
    else chunks.push(chunk);
  });
  request.on('end', () =>
    resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
  );
  request.on('close', () => {
    if (!request.readableEnded) reject(cutOff());
  });
  const stopListening = onAbort(signal, reject);
  try {
    return await promise;
  } finally {
    stopListening();
  }
}

/** The chunks of a body, up to a bound. @throws {OutboardError} as `readBody`, while they are read */
export async function* boundedChunks(request: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

/**
 * The body that the plugin gets: that of the consumer, or for a method without arguments the one that Docker Engine sends.
 * @throws {OutboardError} invalid for an empty body where arguments are required, as Docker Engine sends it when it calls again
 *   after a lost reply
 */
export function forwardedBody(method: string, { request }: MethodRule, body: Buffer): Buffer {
  const text = body.length > shortest ? 'arguments' : body.toString().trim();
  if (request !== 'required') return noArguments.has(text) ? bodies[request] : body;
  if (text !== '') return body;
  throw new OutboardError(
    'invalid',
    `${method}: the request is empty: want a JSON object with its arguments`,
  );
}

const noArguments: ReadonlySet<string> = new Set(['', '{}', 'null']);
/** Longer bodies are not empty. */
const shortest = 16;
const bodies = { none: Buffer.alloc(0), object: Buffer.from('{}\n') } as const;

/** True for a request whose headers announce a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function tooLarge(maxBytes: number): OutboardError {
  const message = `the request is too large: want at most ${maxBytes} bytes`;
  return new OutboardError('invalid', message, { code: 'request-too-large' });
}

function cutOff(): OutboardError {
  return new OutboardError('invalid', 'the request ended early', { code: 'request-cut-off' });
}
