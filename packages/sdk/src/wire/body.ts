/**
 * Reading a request body, bounded: a plugin often runs with more privileges than whoever reaches its socket.
 */
import type { IncomingMessage } from 'node:http';
import { PluginError } from '../plugin-error.ts';

/** Upper bound of a request body, in bytes. Real requests have a few hundred. */
export const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Read a whole request body.
 *
 * @throws {PluginError} 413 if it is larger than `MAX_BODY_BYTES`; 400 if the connection ends before it
 */
export async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      // An IncomingMessage without an encoding yields buffers.
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > MAX_BODY_BYTES) break;
      chunks.push(bytes);
    }
  } catch (cause) {
    throw new PluginError('cannot read the request: the connection ended early', { status: 400, cause });
  }
  if (size > MAX_BODY_BYTES) {
    throw new PluginError(`cannot read the request: the body exceeds ${MAX_BODY_BYTES} bytes`, {
      status: 413,
    });
  }
  return Buffer.concat(chunks);
}
