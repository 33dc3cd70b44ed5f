/**
 * Blobs that a registry for tests sends, whole, in part, or from an offset.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { createClientUnderTest, type Handler, startHostileRegistry } from './hostile-registry.ts';
import { blobOf } from './pushed-image.ts';

/** The content of a blob. */
export const content = randomBytes(100_000);

/** The offset that a request asks for, if it asks for one. */
export function rangeStart(request: IncomingMessage): number | undefined {
  const start = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
}

/** Send the rest of a blob as the request asks for it, all or up to `cut`, where the connection breaks. */
export function sendBlob(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  cut = bytes.length,
): void {
  const start = rangeStart(request) ?? 0;
  const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(start === 0 ? 200 : 206, {
    'content-length': bytes.length - start,
    ...(start === 0 ? {} : range),
  });
  if (cut === bytes.length) response.end(bytes.subarray(start));
  else response.write(bytes.subarray(start, cut), () => response.destroy());
}

/** Fetch a blob from a registry: its content or the error, the requests, and the timers that are left. */
export async function pull(handler: Handler, blob = blobOf(content)) {
  await using registry = await startHostileRegistry(handler);
  await using under = createClientUnderTest();
  const result = await under
    .open(registry)
    .openBlob(blob)
    .then(buffer)
    .catch((error: unknown) => error);
  return { result, requests: registry.requests, timers: under.clock.waiting };
}
