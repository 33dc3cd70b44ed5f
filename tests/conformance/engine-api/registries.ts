/**
 * The registries of one run: a real one, the same content behind a password, and a recorder in front of the first that
 * sees what an engine sends.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { registryPassword, startRegistry, type TestRegistry } from '../../support/registry.ts';

/** A request that an engine made. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Where plugins are published and fetched. */
export interface Registries extends AsyncDisposable {
  /** What engines are told, `HOST:PORT`. */
  readonly host: string;
  /** Where the suite itself puts content. */
  readonly directHost: string;
  /** The same content for those who know name and password; absent with a foreign registry. */
  readonly protectedHost?: string;
  /** What was asked of `host` since the last call; undefined with a foreign registry, which cannot be watched. */
  takeRecorded(): readonly RecordedRequest[] | undefined;
}

/** Who may use the protected registry. */
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

/** Use a registry that is there, without a password, and reachable for suite and engine under one name. */
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

/** Passes everything on, and keeps what was asked. */
async function startRecorder(upstream: string): Promise<Recorder> {
  let recorded: RecordedRequest[] = [];
  const server = createServer((incoming, response) => {
    recorded.push({
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      headers: new Map(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    });
    passOn(upstream, incoming, response).catch(() => response.destroy()); // the engine sees a cut connection
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // a server on TCP has no other address
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

/** The Host header stays, so that the registry's redirects lead back here. */
async function passOn(upstream: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = incoming;
  const outgoing = request(`http://${upstream}${url}`, { method, headers });
  const [answer] = await Promise.all([
    once(outgoing, 'response').then(([message]) => message as IncomingMessage), // what the event carries
    pipeline(incoming, outgoing),
  ]);
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}
