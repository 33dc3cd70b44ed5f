/**
 * Wires the daemon together: engine, events, routes, listeners. It holds no logic of its own.
 */
import { readFileSync } from 'node:fs';
import { diagnoseHost, OutboardError, openPluginEngine, type PluginEngine } from '@outboard/engine';
import type { Logger } from 'pino';
import { createAuthorization } from './authorization/authorization.ts';
import type { Configuration } from './configuration/configuration.ts';
import { type ReloadablePart, reloadParts } from './configuration/reload.ts';
import { parseTokenServer } from './configuration/token-server.ts';
import { createEventLog } from './events/event-log.ts';
import { readComponentVersions } from './host/component-versions.ts';
import { readHostFacts } from './host/host-facts.ts';
import { createRequestHandler } from './http/request-handler.ts';
import { createRouteTable } from './http/route-table.ts';
import { startApiServer } from './listen/api-server.ts';
import { formatHostAddress, parseHostAddresses } from './listen/host-address.ts';
import { openTls, reloadableTls } from './listen/tls-part.ts';
import { createRequestLogger } from './log/log-request.ts';
import { logPluginOutput } from './logs/log-plugin-output.ts';
import { createMetricsService } from './metrics/metrics-service.ts';
import { createRoutes } from './routes/routes.ts';

/** How long requests under way may take to end once they are aborted. */
const closeDeadlineMs = 10_000;

/** How long the daemon may take to end by itself; recovery at the next start is made for what is left. */
const ownStopMs = 15_000;

/** A daemon that serves. */
export interface Daemon {
  /** Where it listens, as `--host` names it. */
  readonly hosts: readonly string[];
  /**
   * Put another configuration in force, as far as that is possible while it runs: as a whole or not at all.
   * @throws {OutboardError} invalid; everything is as before
   */
  reload(next: Configuration): Promise<void>;
  /** Rejects when the engine does not answer any more. */
  check(): Promise<void>;
  /** How long `stop` may take, in milliseconds: longer than any wait in it. */
  stopDeadlineMs(): number;
  /** Abort what is under way, answer it, and let go of the plugins, which go on running, or stop them. */
  stop(): Promise<void>;
}

/**
 * Start the daemon; it serves when this resolves.
 * @param listeners descriptors of the sockets that the host `fd://` stands for
 * @throws {OutboardError} invalid for a wrong host; conflict when another daemon uses the data root or a host
 */
export async function startDaemon(
  configuration: Configuration,
  logger: Logger,
  listeners: readonly number[] = [],
): Promise<Daemon> {
  const addresses = parseHostAddresses(configuration.hosts, configuration, listeners);
  const tls = await openTls(configuration, logger);
  const version = readOwnVersion();
  const metrics = createMetricsService({
    address: configuration['metrics-addr'],
    execRoot: configuration['exec-root'],
    version,
    logger,
  });
  const engine = await openPluginEngine({
    dataRoot: configuration['data-root'],
    execRoot: configuration['exec-root'],
    runtime: configuration.runtime,
    liveRestore: configuration['live-restore'],
    backOff: {
      initialMs: configuration['restart-delay'] * 1000,
      maxMs: configuration['restart-max-delay'] * 1000,
    },
    insecureRegistries: configuration['insecure-registries'],
    trustedRealms: configuration['token-servers'].map(parseTokenServer),
    userAgent: `outboard/${version}`,
    bridge: {
      name: configuration['bridge-name'],
      subnet: configuration['bridge-subnet'],
      nameServers: configuration.dns,
    },
    ...(metrics.socket !== undefined && { metricsSocket: metrics.socket }),
    observer: metrics.observer,
    logger,
  }).catch(async (error: unknown) => {
    await metrics.close();
    throw error;
  });
  const stopping = new AbortController();
  const endPluginOutput = configuration['log-plugins'] ? logPluginOutput(engine, logger) : () => {};
  try {
    const names = configuration['authorization-plugins'];
    const authorization = createAuthorization({ engine, names, logger });
    const routes = createRoutes({
      engine,
      events: createEventLog((listener) => engine.onEvent(listener)),
      version,
      dataRoot: configuration['data-root'],
      insecureRegistries: configuration['insecure-registries'],
      runtime: configuration.runtime,
      authorizationPlugins: authorization.names,
      diagnose: () =>
        diagnoseHost({
          dataRoot: configuration['data-root'],
          execRoot: configuration['exec-root'],
          runtime: configuration.runtime,
        }),
      hostFacts: once(readHostFacts),
      components: once(() => readComponentVersions(configuration.runtime)),
    });
    const logRequest = createRequestLogger(logger);
    const handle = createRequestHandler({
      findRoute: createRouteTable(routes),
      version,
      stopping: stopping.signal,
      log: (request) => {
        metrics.countRequest(request);
        logRequest(request);
      },
      authorize: authorization.authorize,
    });
    await metrics.serve(engine);
    const server = await startApiServer(addresses, handle, {
      ...(tls === undefined ? {} : { tls }),
      onError: (error) => logger.error({ err: error }, 'cannot accept a connection'),
      onRefused: (reason, address) => logger.info({ reason, address }, 'TLS handshake failed'),
    });
    const reportedMissing = authorization.reportMissing(stopping.signal);
    const reloadable: readonly ReloadablePart[] = [
      authorization,
      ...(tls === undefined ? [] : [reloadableTls(tls, server, logger)]),
    ];
    return {
      hosts: server.addresses.map(formatHostAddress),
      reload: (next) => reloadParts(reloadable, configuration, next, logger),
      check: async () => void engine.list(),
      stopDeadlineMs: () => stopDeadlineMs(configuration, engine),
      async stop() {
        stopping.abort(new OutboardError('unavailable', 'the daemon is shutting down'));
        await server.close(AbortSignal.timeout(closeDeadlineMs));
        await reportedMissing;
        await engine[Symbol.asyncDispose]();
        endPluginOutput();
        await metrics.close();
      },
    };
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    await metrics.close();
    throw error;
  }
}

/** Plugins that go on running cost no time; others are stopped in parallel, and each may take what it was given. */
function stopDeadlineMs(configuration: Configuration, engine: Pick<PluginEngine, 'longestStopMs'>): number {
  return ownStopMs + (configuration['live-restore'] ? 0 : engine.longestStopMs());
}

/** Ask once, when first needed. */
function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let answer: Promise<Value> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

function readOwnVersion(): string {
  const document = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String(document.version);
}
