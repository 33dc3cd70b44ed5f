/**
 * A registry for tests that misbehaves on purpose, on a free port of 127.0.0.1, and a clock that tests move.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { digestOf } from '../digests/digest.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import type { Clock } from '../registry/clock.ts';
import { createRegistryClient, type RegistryClientOptions } from '../registry/http/http-registry-client.ts';
import type { RegistryAccess, RegistryClient, Repository } from '../registry/registry-client.ts';
import { tlsKey } from './tls-certificates.ts';

/** One request as the registry saw it, without the client's first look for a scheme. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** A server that does what its handler says. */
export interface HostileRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly requests: readonly SeenRequest[];
  /** Resolves when it has seen this many requests. */
  received(count: number): Promise<void>;
}

/** Answers one request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Start a server. @param certificate speak TLS with it instead of plain HTTP */
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    host: `127.0.0.1:${port}`,
    requests,
    async received(count) {
      while (requests.length < count) await once(arrivals, 'request');
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A clock that stands still until a test moves it; `sleep` returns at once and is noted. */
export interface TestClock extends Clock {
  /** Milliseconds of each `sleep`. */
  readonly slept: readonly number[];
  /** Timers that wait. */
  readonly waiting: number;
  /** Move on, and call the timers that are due. */
  advance(ms: number): void;
}

/** Make a clock. */
export function createTestClock(): TestClock {
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const slept: number[] = [];
  let now = Date.UTC(2026, 0, 1);
  return {
    slept,
    get waiting() {
      return timers.size;
    },
    now: () => now,
    random: () => 0.5,
    schedule(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
    },
    advance(ms) {
      now += ms;
      for (const timer of [...timers].filter(({ at }) => at <= now)) {
        timers.delete(timer);
        timer.callback();
      }
    },
  };
}

/** A client on a clock of its own. */
export interface ClientUnderTest extends AsyncDisposable {
  readonly client: RegistryClient;
  readonly clock: TestClock;
  /** Open `acme/plugin` of a registry. */
  open(registry: { readonly host: string }, access?: RegistryAccess): Repository;
}

/** Make a client that never really waits. */
export function createClientUnderTest(options: Partial<RegistryClientOptions> = {}): ClientUnderTest {
  const clock = createTestClock();
  const client = createRegistryClient({
    insecureRegistries: [],
    userAgent: 'outboard-test',
    clock,
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

/** Describe bytes as a layer. */
export function blobOf(bytes: Uint8Array): Descriptor {
  return {
    mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    digest: digestOf(bytes),
    size: bytes.length,
  };
}
