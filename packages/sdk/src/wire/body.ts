/**
 * Reads request bodies of bounded size: a plugin often has more privileges than the processes that can reach its socket.
 */
import type { IncomingMessage } from 'node:http';
import { PluginError } from '../plugin-error.ts';

/** Upper bound of a request body in bytes. Real requests have a few hundred. */
const maxBodyBytes = 1024 * 1024;

/**
 * Read a whole request body.
 *
 * @throws {PluginError} 413 if it is larger than `maxBodyBytes`; 400 if the connection ends early
 */
export async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      // An IncomingMessage without an encoding yields buffers.
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > maxBodyBytes) break;
      chunks.push(bytes);
    }
  } catch (cause) {
    throw new PluginError('cannot read the request: the connection ended early', { status: 400, cause });
  }
  if (size > maxBodyBytes) {
    throw new PluginError(`cannot read the request: the body exceeds ${maxBodyBytes} bytes`, {
      status: 413,
    });
  }
  return Buffer.concat(chunks);
}
