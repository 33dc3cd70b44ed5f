/**
 * A proxy between the engine and a real registry: it records fetched blobs and controls their delivery.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A blob during its delivery. */
export interface BlobDelivery {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly response: ServerResponse;
}

export interface RegistryProxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Digests of the fetched blobs, in order. */
  readonly fetched: readonly string[];
  stop(): Promise<void>;
}

/**
 * @param upstream `127.0.0.1:PORT` of the registry
 *
 * @param deliver sends the bytes of a blob after the headers; default: all at once
 */
export async function startRegistryProxy(
  upstream: string,
  deliver: (delivery: BlobDelivery) => void = ({ response, bytes }) => response.end(bytes),
): Promise<RegistryProxy> {
  const fetched: string[] = [];
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '/' } = request;
    const accept = request.headers.accept ?? '*/*';
    const answer = await fetch(`http://${upstream}${url}`, { method, headers: { accept } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    for (const [name, value] of answer.headers) response.setHeader(name, value);
    response.writeHead(answer.status);
    const digest = /\/blobs\/(sha256:[a-f0-9]{64})$/.exec(url)?.[1];
    if (method !== 'GET' || digest === undefined) return response.end(bytes);
    fetched.push(digest);
    return deliver({ digest, bytes, response });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server has no other form of address.
  return {
    host: `127.0.0.1:${port}`,
    fetched,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
