/**
 * The registries of one run: a real one, the same content behind a password, and a recorder before the first one for
 * the requests of an engine.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { registryPassword, startRegistry, type TestRegistry } from '../../support/registry.ts';

/** A recorded request of an engine. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Registries for publishing and pulling. */
export interface Registries extends AsyncDisposable {
  /** Address for engines, `HOST:PORT`. */
  readonly host: string;
  /** Address for the suite itself. */
  readonly directHost: string;
  /** The same content behind name and password; absent with a foreign registry. */
  readonly protectedHost?: string;
  /** Requests to `host` since the last call; undefined with a foreign registry, which is not recorded. */
  takeRecorded(): readonly RecordedRequest[] | undefined;
}

/** Credentials for the protected registry. */
const registryUser = { username: 'conformance', password: registryPassword };

/** Start registries on this host. */
export async function startRegistries(): Promise<Registries> {
  const home = await mkdtemp(join(tmpdir(), 'outboard-conformance-'));
  const started: TestRegistry[] = [];
  const stopAll = async () => {
    await Promise.all(started.map((registry) => registry.stop()));
    await rm(home, { recursive: true, force: true });
  };
  try {
    const directory = join(home, 'content');
    const open = await startRegistry({ directory });
    started.push(open);
    const guarded = await startRegistry({ directory, auth: registryUser });
    started.push(guarded);
    const recorder = await startRecorder(open.host);
    return {
      host: recorder.host,
      directHost: open.host,
      protectedHost: guarded.host,
      takeRecorded: recorder.take,
      async [Symbol.asyncDispose]() {
        await recorder.stop();
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** Use an existing registry without a password, reachable for suite and engine under one name. */
export function foreignRegistry(host: string): Registries {
  return {
    host,
    directHost: host,
    takeRecorded: () => undefined,
    async [Symbol.asyncDispose]() {},
  };
}

interface Recorder {
  readonly host: string;
  take(): readonly RecordedRequest[];
  stop(): Promise<void>;
}

/** Forwards and records every request. */
async function startRecorder(upstream: string): Promise<Recorder> {
  let recorded: RecordedRequest[] = [];
  const server = createServer((incoming, response) => {
    recorded.push({
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      headers: new Map(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    });
    passOn(upstream, incoming, response).catch(() => response.destroy()); // The engine sees a broken connection.
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server has no other form of address.
  return {
    host: `127.0.0.1:${port}`,
    take() {
      const taken = recorded;
      recorded = [];
      return taken;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The Host header stays, so that redirects of the registry lead back to this proxy. */
async function passOn(upstream: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = incoming;
  const outgoing = request(`http://${upstream}${url}`, { method, headers });
  const [answer] = await Promise.all([
    once(outgoing, 'response').then(([message]) => message as IncomingMessage), // Arguments of the event.
    pipeline(incoming, outgoing),
  ]);
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}
