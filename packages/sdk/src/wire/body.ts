/**
 * Reads request bodies of bounded size: a plugin often has more privileges than the processes that can reach its socket.
 */
import type { IncomingMessage } from 'node:http';
import { PluginError } from '../plugin-error.ts';

/** Default upper bound of a request body in bytes. Requests of most kinds have a few hundred. */
const defaultMaxBytes = 1024 * 1024;

/**
 * Read a whole request body.
 *
 * @param maxBytes default 1 MiB
 * @throws {PluginError} 413 if it is larger than `maxBytes`; 400 if the connection ends early
 */
export async function readBody(request: IncomingMessage, maxBytes = defaultMaxBytes): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      // An IncomingMessage without an encoding yields buffers.
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > maxBytes) break;
      chunks.push(bytes);
    }
  } catch (cause) {
    throw new PluginError('cannot read the request: the connection ended early', { status: 400, cause });
  }
  if (size > maxBytes) {
    throw new PluginError(`cannot read the request: the body exceeds ${maxBytes} bytes`, { status: 413 });
  }
  return Buffer.concat(chunks);
}
