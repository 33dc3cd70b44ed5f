/**
 * Wires the daemon together: engine, API, listeners. It holds no logic of its own.
 */
import { readFileSync } from 'node:fs';
import { OutboardError, type PluginEngine } from '@outboard/engine';
import type { Logger } from 'pino';
import { createAuthorization } from './authorization/authorization.ts';
import type { Configuration } from './configuration/configuration.ts';
import { type ReloadablePart, reloadParts } from './configuration/reload.ts';
import { createApi } from './create-api.ts';
import { startApiServer } from './listen/api-server.ts';
import { formatHostAddress, parseHostAddresses } from './listen/host-address.ts';
import { openTls, reloadableTls } from './listen/reloadable-tls.ts';
import { grantSocketAccess } from './listen/socket-access.ts';
import { findSocketGroup } from './listen/socket-group.ts';
import { logPluginOutput } from './logging/plugin-output.ts';
import { createMetricsService } from './metrics/metrics-service.ts';
import { openEngine } from './open-engine.ts';

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
  const group = await findSocketGroup(configuration.group);
  const tls = await openTls(configuration, logger);
  const version = readOwnVersion();
  /** What is open by now, to be closed last to first. */
  const open: (() => Promise<void>)[] = [];
  try {
    const metrics = createMetricsService({
      address: configuration['metrics-addr'],
      execRoot: configuration['exec-root'],
      version,
      logger,
    });
    open.push(() => metrics.close());
    const engine = await openEngine(configuration, { metrics, version, logger });
    const endPluginOutput = configuration['log-plugins'] ? logPluginOutput(engine, logger) : () => undefined;
    open.push(async () => {
      await engine[Symbol.asyncDispose]();
      endPluginOutput();
    });
    const stopping = new AbortController();
    const authorization = createAuthorization({
      engine,
      names: configuration['authorization-plugins'],
      logger,
    });
    const handle = createApi({
      engine,
      configuration,
      authorization,
      metrics,
      version,
      stopping: stopping.signal,
      logger,
    });
    await metrics.serve(engine);
    const server = await startApiServer(addresses, handle, {
      ...(tls === undefined ? {} : { tls }),
      ...(group === undefined ? {} : { group }),
      onError: (error) => logger.error({ err: error }, 'cannot accept a connection'),
      onRefused: (reason, address) => logger.info({ reason, address }, 'TLS handshake failed'),
      onRecreated: (address) => grantSocketAccess([address], configuration['exec-root'], logger),
      logger,
    });
    await grantSocketAccess(addresses, configuration['exec-root'], logger);
    const reportedMissing = authorization.reportMissing(stopping.signal);
    open.push(async () => {
      stopping.abort(new OutboardError('unavailable', 'the daemon is shutting down'));
      await server.close(AbortSignal.timeout(closeDeadlineMs));
      await reportedMissing;
    });
    const reloadable: readonly ReloadablePart[] = [
      authorization,
      ...(tls === undefined ? [] : [reloadableTls(tls, server, logger)]),
    ];
    return {
      hosts: server.addresses.map(formatHostAddress),
      reload: (next) => reloadParts(reloadable, { before: configuration, next }, logger),
      check: async () => void engine.list(),
      stopDeadlineMs: () => stopDeadlineMs(configuration, engine),
      stop: () => closeAll(open),
    };
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

async function closeAll(open: (() => Promise<void>)[]): Promise<void> {
  for (let close = open.pop(); close !== undefined; close = open.pop()) await close();
}

/** Plugins that go on running cost no time; others are stopped in parallel, and each may take what it was given. */
function stopDeadlineMs(configuration: Configuration, engine: Pick<PluginEngine, 'longestStopMs'>): number {
  return ownStopMs + (configuration['live-restore'] ? 0 : engine.longestStopMs());
}

function readOwnVersion(): string {
  const document = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return String(document.version);
}
