/**
 * A registry for tests that misbehaves on purpose, on a free port of 127.0.0.1.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fromCallback } from '@outboard/async';
import { createFakeClock, type FakeClock } from '@outboard/async/testing';
import { createRegistryClient, type RegistryClientOptions } from '../registry/http/http-registry-client.ts';
import type { RegistryAccess, RegistryClient, Repository } from '../registry/registry-client.ts';
import { tlsKey } from './tls-certificates.ts';

/** One request as the registry received it. The client's probe for the scheme is not recorded. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** A server that responds as its handler does. */
export interface HostileRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly requests: readonly SeenRequest[];
  /** Resolves when this many requests were received. */
  received(count: number): Promise<void>;
}

/** Answers one request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Start a server. @param certificate certificate for TLS; default: plain HTTP */
export async function startHostileRegistry(handler: Handler, certificate?: string): Promise<HostileRegistry> {
  const requests: SeenRequest[] = [];
  const arrivals = new EventEmitter();
  const listener: Handler = (request, response) => {
    if (request.url === '/v2/') {
      response.end('{}');
      return;
    }
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    arrivals.emit('request');
    handler(request, response);
  };
  const server =
    certificate === undefined
      ? createServer(listener)
      : createTlsServer({ key: tlsKey, cert: certificate }, listener);
  await fromCallback((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    host: `127.0.0.1:${port}`,
    requests,
    async received(count) {
      while (requests.length < count) await once(arrivals, 'request');
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await fromCallback((done) => server.close(done));
    },
  };
}

/** A client on a clock of its own. */
export interface ClientUnderTest extends AsyncDisposable {
  readonly client: RegistryClient;
  readonly clock: FakeClock;
  /** Open `acme/plugin` of a registry. */
  open(registry: { readonly host: string }, access?: RegistryAccess): Repository;
}

/** Make a client that never really waits. */
export function createClientUnderTest(options: Partial<RegistryClientOptions> = {}): ClientUnderTest {
  const clock = createFakeClock({ skipsSleep: true });
  const client = createRegistryClient({
    insecureRegistries: [],
    userAgent: 'outboard-test',
    clock,
    random: () => 0.5,
    ...options,
  });
  return {
    client,
    clock,
    open: ({ host }, access) => client.repository({ domain: host, path: 'acme/plugin' }, 'pull,push', access),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** The media type of a Docker manifest. */
export const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
