/**
 * Starts and stops the daemon: opens engine, metrics and API in order, and closes them in reverse. It holds no other logic.
 */
import { acquireAll, type DisposalStack } from '@outboard/async';
import { OutboardError, type PluginEngine } from '@outboard/engine';
import { type DescriptorStore, type InheritedDescriptor, noDescriptorStore } from '@outboard/gateway';
import type { Logger } from 'pino';
import { createAuthorization } from './authorization/authorization.ts';
import type { Configuration } from './configuration/configuration.ts';
import { reloadablePolicy } from './configuration/policy-file.ts';
import { type Environment, openRegistries, type Registries } from './configuration/registries.ts';
import { type ReloadablePart, reloadParts } from './configuration/reload.ts';
import { createApi } from './create-api.ts';
import { ownVersion } from './installation.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from './listen/api-server.ts';
import { formatHostAddress, type HostAddress, parseHostAddresses } from './listen/host-address.ts';
import type { TlsListening } from './listen/listener.ts';
import { openTls, reloadableTls } from './listen/reloadable-tls.ts';
import { grantSocketAccess } from './listen/socket-access.ts';
import { findSocketGroup, type SocketGroup } from './listen/socket-group.ts';
import { createPluginOutputLog } from './logging/plugin-output.ts';
import { createMetricsService } from './metrics/metrics-service.ts';
import { openDaemonConsumers, openDaemonShares } from './open-consumers.ts';
import { openEngine } from './open-engine.ts';
import { createDaemonGateway, type DaemonGateway } from './open-gateway.ts';

/** Time for requests to end after they were aborted; then their connections are cut. */
const closeDeadlineMs = 10_000;

/** Upper bound of a stop without plugins; the next start cleans up after a daemon that was killed at its end. */
const ownStopMs = 25_000;

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
  /** Upper bound of `stop()` in milliseconds. */
  stopDeadlineMs(): number;
  /**
   * Abort and answer requests, close listeners and engine. Plugins are stopped, or detached and left running with
   * live restore. Every part is closed even if others fail to.
   * @throws the error of the part that failed to close, or an `AggregateError` of several
   */
  stop(): Promise<void>;
}

/** The parts that hold resources, so that a test can make each of them fail. */
export interface DaemonDeps {
  readonly createMetricsService: typeof createMetricsService;
  readonly openEngine: typeof openEngine;
  readonly startApiServer: typeof startApiServer;
}

const daemonDeps: DaemonDeps = { createMetricsService, openEngine, startApiServer };

/** Configuration, log and inherited sockets of a daemon. */
export interface DaemonOptions {
  readonly configuration: Configuration;
  readonly logger: Logger;
  /** Descriptors of the sockets that the host `fd://` refers to; default none. */
  readonly listeners?: readonly number[] | undefined;
  /** Environment variables, for the proxies and for values of settings; default none. */
  readonly env?: Environment | undefined;
  /** Keeps the gateway's sockets over a restart of the daemon; default nothing does. */
  readonly store?: DescriptorStore | undefined;
  /** Sockets of the gateway that the daemon before has left in the store; default none. */
  readonly inherited?: readonly InheritedDescriptor[] | undefined;
}

/**
 * Start the daemon; it serves when this resolves. If a part fails to open, those that were open are closed.
 * @throws {OutboardError} invalid for a wrong host; conflict when another daemon uses the data root or a host
 */
export async function startDaemon(options: DaemonOptions, deps: DaemonDeps = daemonDeps): Promise<Daemon> {
  const { configuration, logger, listeners = [] } = options;
  const addresses = parseHostAddresses(configuration.hosts, configuration, listeners);
  const group = await findSocketGroup(configuration.group);
  // Looked up again when the gateway opens; a name that does not exist is refused before anything is made on disk.
  await findSocketGroup(configuration['gateway-group']);
  const tls = await openTls(configuration, logger);
  const registries = await openRegistries(configuration, options.env ?? {}, logger);
  const endpoints = { addresses, group, tls };
  const { store = noDescriptorStore, inherited = [] } = options;
  const gateway = createDaemonGateway({ configuration, group, store, inherited, logger });
  return acquireAll(
    (stack) =>
      openDaemon({ configuration, logger, endpoints, registries, gateway, env: options.env, deps }, stack),
    (error) => logger.error({ err: error }, 'cannot close all parts after a failed start'),
  );
}

/** Where and how the API is served. */
interface Endpoints {
  readonly addresses: readonly HostAddress[];
  readonly group: SocketGroup | undefined;
  readonly tls: TlsListening | undefined;
}

interface OpenContext {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly endpoints: Endpoints;
  readonly registries: Registries;
  readonly gateway: DaemonGateway;
  readonly env: Environment | undefined;
  readonly deps: DaemonDeps;
}

async function openDaemon(context: OpenContext, stack: DisposalStack): Promise<Daemon> {
  const { configuration, logger, endpoints, registries, gateway, env, deps } = context;
  const version = ownVersion();
  const execRoot = configuration['exec-root'];
  const address = configuration['metrics-addr'];
  const metrics = deps.createMetricsService({ address, execRoot, version, logger });
  stack.defer(() => metrics.close());
  const output = createPluginOutputLog(logger);
  // Closed after the engine, which may still stop plugins that write their last lines.
  stack.defer(() => output.close());
  // For a start that fails; otherwise it is closed before the engine.
  stack.use(gateway);
  const engineDeps = { registries: registries.current, metrics, gateway, env, version, logger };
  const engine = stack.use(await deps.openEngine(configuration, engineDeps));
  stack.use(gateway);
  if (configuration['log-plugins']) output.follow(engine);
  const sockets = gateway.current();
  const calls = gateway.calls(engine);
  const consumers =
    sockets && stack.use(await openDaemonConsumers({ configuration, engine, gateway: sockets, logger }));
  const shares =
    sockets &&
    consumers &&
    stack.use(await openDaemonShares({ configuration, engine, gateway: sockets, consumers, calls, logger }));

  const stopping = new AbortController();
  const names = configuration['authorization-plugins'];
  const authorization = createAuthorization({ engine, names, logger });
  const common = {
    engine,
    calls,
    gateway: sockets,
    consumers,
    configuration,
    registries: registries.current,
    authorization,
    metrics,
    version,
    logger,
  };
  const settled = settleInTurn([sockets, consumers, shares]);
  const handle = createApi({ ...common, settled, stopping: stopping.signal });
  await metrics.serve(engine, { calls, endpoints: () => sockets?.endpoints() ?? [] });
  const server = await deps.startApiServer(endpoints.addresses, handle, serverOptions(context));
  stack.defer(() => server.close(AbortSignal.timeout(closeDeadlineMs)));
  const reportedMissing = authorization.reportMissing(stopping.signal);
  stack.defer(() => reportedMissing);
  stack.defer(() => stopping.abort(new OutboardError('unavailable', 'the daemon is shutting down')));
  await grantSocketAccess(endpoints.addresses, execRoot, logger);

  const reloadable = [authorization, registries, reloadablePolicy(engine), ...tlsParts(context, server)];
  const open = stack.move();
  return {
    hosts: server.addresses.map(formatHostAddress),
    reload: (next) => reloadParts(reloadable, { before: configuration, next }, logger),
    check: async () => void engine.list(),
    stopDeadlineMs: () => stopDeadlineMs(configuration, engine),
    stop: () => open.disposeAsync(),
  };
}

/** Each part follows the one before. */
function settleInTurn(parts: readonly ({ settled(): Promise<void> } | undefined)[]): () => Promise<void> {
  return async () => {
    for (const part of parts) await part?.settled();
  };
}

function tlsParts({ endpoints: { tls }, logger }: OpenContext, server: ApiServer): readonly ReloadablePart[] {
  return tls === undefined ? [] : [reloadableTls(tls, server, logger)];
}

function serverOptions({ configuration, logger, endpoints: { tls, group } }: OpenContext): ApiServerOptions {
  return {
    tls,
    group,
    maxConnections: {
      unix: configuration['max-connections'],
      tcp: configuration['max-tcp-connections'],
    },
    onError: (error) => logger.error({ err: error }, 'cannot accept a connection'),
    onRefused: (reason, address) => logger.info({ reason, address }, 'TLS handshake failed'),
    onRecreated: (address) => grantSocketAccess([address], configuration['exec-root'], logger),
    logger,
  };
}

/** With live restore no plugin is stopped; otherwise all are stopped in parallel, each within its own stop timeout. */
function stopDeadlineMs(configuration: Configuration, engine: Pick<PluginEngine, 'longestStopMs'>): number {
  return ownStopMs + (configuration['live-restore'] ? 0 : engine.longestStopMs());
}
