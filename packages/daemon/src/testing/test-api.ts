/**
 * The API on a unix socket in a temporary directory, over any engine.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PluginEngine } from '@outboard/engine';
import type { CallLog, Consumers } from '@outboard/gateway';
import { createRegistriesConfiguration } from '@outboard/oci';
import { pino } from 'pino';
import { createEventLog } from '../events/event-log.ts';
import type { Authorize } from '../http/authorize.ts';
import type { BodyLimits } from '../http/request-body.ts';
import { createRequestHandler, type RequestLog } from '../http/request-handler.ts';
import { createRouteTable, type Route } from '../http/route-table.ts';
import { startApiServer } from '../listen/api-server.ts';
import { createRoutes, type RouteDeps } from '../routes/routes.ts';

/** A served API. */
export interface TestApi extends AsyncDisposable {
  /** Path of the unix socket. */
  readonly socket: string;
  /** Port of the TCP listener on 127.0.0.1. */
  readonly port: number;
  /** Every response so far. */
  readonly log: readonly RequestLog[];
  /** Aborts running requests, as the daemon does when it stops. */
  readonly stopping: AbortController;
}

/** Options of a test. */
export interface TestApiOptions extends BodyLimits {
  readonly authorize?: Authorize | undefined;
  /** Additional routes; a literal path replaces the API's own. */
  readonly routes?: readonly Route[] | undefined;
  /** Default none, as while the gateway is off. */
  readonly gateway?: RouteDeps['gateway'];
  readonly consumers?: Consumers | undefined;
  /** Default: none are recorded. */
  readonly calls?: Pick<CallLog, 'read'> | undefined;
  readonly liveRestore?: boolean | undefined;
  /** Default the daemon's. */
  readonly maxBodyMemory?: number | undefined;
  readonly maxConnections?: { readonly unix: number; readonly tcp: number } | undefined;
}

/** The engine as it is, and the other parts with constant answers. */
function routeDeps(engine: PluginEngine, options: TestApiOptions): RouteDeps {
  const { liveRestore = true, gateway, consumers, calls = { async *read() {} } } = options;
  return {
    engine,
    gateway,
    consumers,
    calls,
    events: createEventLog((listener) => engine.onEvent(listener), rethrow),
    version: '1.2.3',
    dataRoot: '/data',
    registries: () =>
      createRegistriesConfiguration({
        insecureRegistries: ['reg.example:5000', '10.0.0.0/8'],
        registryMirrors: ['https://mirror.example'],
        proxies: { httpsProxy: 'http://user:secret@proxy.example:3128', noProxy: '.lan' },
      }),
    runtime: 'runc',
    cgroupDriver: 'cgroupfs',
    liveRestore,
    authorizationPlugins: () => [],
    hostFacts: async () => ({
      kernelVersion: '6.1',
      architecture: 'amd64',
      machine: 'x86_64',
      operatingSystem: 'Debian',
      operatingSystemVersion: '12',
    }),
    diagnose: async () => [{ name: 'kernel', status: 'ok', message: '6.1', remedy: '' }],
    components: async () => [{ name: 'runc', version: '1.1.5' }],
  };
}

/** Serve the API over an engine until disposed. */
export async function startTestApi(engine: PluginEngine, options: TestApiOptions = {}): Promise<TestApi> {
  const { authorize, routes = [], maxJsonBytes, stallMs, maxDrainBytes, maxDocumentMs } = options;
  const directory = await mkdtemp(join(tmpdir(), 'outboard-api-'));
  const socket = join(directory, 'api.sock');
  const log: RequestLog[] = [];
  const stopping = new AbortController();
  const handle = createRequestHandler({
    findRoute: createRouteTable([...createRoutes(routeDeps(engine, options)), ...routes]),
    version: '1.2.3',
    stopping: stopping.signal,
    log: (entry) => log.push(entry),
    bodyLimits: { maxJsonBytes, stallMs, maxDrainBytes, maxDocumentMs },
    maxBodyMemory: options.maxBodyMemory,
    authorize,
  });
  const addresses = [
    { kind: 'unix', path: socket },
    { kind: 'tcp', hostname: '127.0.0.1', port: 0 },
  ] as const;
  const server = await startApiServer(addresses, handle, {
    onError: rethrow,
    maxConnections: options.maxConnections,
    logger: pino({ enabled: false }),
  });
  const [, tcp] = server.addresses;
  return {
    socket,
    port: tcp?.kind === 'tcp' ? tcp.port : 0,
    log,
    stopping,
    async [Symbol.asyncDispose]() {
      await server.close(AbortSignal.abort());
      await rm(directory, { recursive: true });
    },
  };
}

function rethrow(error: unknown): never {
  throw error;
}
