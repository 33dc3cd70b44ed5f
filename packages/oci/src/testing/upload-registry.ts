/**
 * Registries for tests of uploads.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HostileRegistry, startHostileRegistry } from './hostile-registry.ts';

/** Content that a registry received. */
export interface Stored {
  readonly size: number;
  readonly sha256: string;
}

/** Read the whole body of a request. */
export async function receive(request: IncomingMessage): Promise<Stored> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length; // byte stream
    hash.update(chunk);
  }
  return { size, sha256: hash.digest('hex') };
}

/** Has no blob, begins uploads at `location`, and leaves the rest to `rest`. */
export async function startUploadRegistry(
  location: () => string,
  rest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<HostileRegistry> {
  return await startHostileRegistry((request, response) => {
    if (request.method === 'HEAD') response.writeHead(404).end();
    else if (request.method === 'POST') response.writeHead(202, { location: location() }).end();
    else rest(request, response);
  });
}
