/**
 * Serves the daemon's metrics: to plugins that collect them on a socket in the exec root, and at an address when one is
 * configured.
 */
import { type EngineObserver, type MetricsSocket, OutboardError, type PluginEngine } from '@outboard/engine';
import type { Logger } from 'pino';
import type { RequestLog } from '../http/request-handler.ts';
import { type ApiServer, startApiServer } from '../listen/api-server.ts';
import { formatHostAddress, type HostAddress, isLoopback } from '../listen/host-address.ts';
import { createMeasurements } from './measurements.ts';
import { metricsSocketAddress, parseMetricsAddress } from './metrics-address.ts';
import { createMetricsHandler } from './metrics-handler.ts';

export interface MetricsService {
  /** For the engine: it says when to listen. Absent when the path of the exec root is too long for a socket. */
  readonly socket: MetricsSocket | undefined;
  /** Counts what the engine does. */
  readonly observer: EngineObserver;
  /** Count an answer of the API. */
  countRequest(request: RequestLog): void;
  /**
   * Tell of this engine from now on, and listen at the configured address. Whoever asked before waits until now.
   * @throws {OutboardError} conflict when the address is in use
   */
  serve(engine: PluginEngine): Promise<void>;
  /** Answer nothing more. */
  close(): Promise<void>;
}

export interface MetricsServiceOptions {
  /** `ADDRESS:PORT`; '' for none. */
  readonly address: string;
  readonly execRoot: string;
  /** The daemon's own. */
  readonly version: string;
  readonly logger: Logger;
}

/** @throws {OutboardError} invalid: the address */
export function createMetricsService(options: MetricsServiceOptions): MetricsService {
  const { logger, version } = options;
  const tcp = options.address === '' ? undefined : parseMetricsAddress(options.address);
  const socket = metricsSocketAddress(options.execRoot);
  const measurements = createMeasurements();
  const engine = createAwaited<PluginEngine>();
  const servers: ApiServer[] = [];
  const handle = createMetricsHandler(async () => {
    const { renderMetrics } = await import('./render-metrics.ts');
    return renderMetrics(await engine.value, measurements, version);
  }, logger);

  async function listen(address: HostAddress): Promise<ApiServer> {
    // An address that others reach has names that only they know. Loopback has none but its own (DNS rebinding, D10).
    const isOpen = address.kind === 'tcp' && !isLoopback(address.hostname);
    const server = await startApiServer(
      [address],
      (request, response, rules) => handle(request, response, isOpen ? {} : rules),
      { onError: (error) => logger.error({ err: error }, 'cannot accept a connection for metrics'), logger },
    );
    servers.push(server);
    return server;
  }

  if (socket === undefined) {
    logger.warn(
      { execRoot: options.execRoot },
      'no metrics for plugins: the path of the exec root is too long',
    );
  }
  return {
    socket: socket && { path: socket.path, listen: async () => void (await listen(socket)) },
    observer: measurements,
    countRequest: measurements.requestAnswered,
    async serve(served) {
      served.onEvent(({ type, action, id }) => {
        if (type === 'plugin' && action === 'remove') measurements.forget(id);
      });
      engine.resolve(served);
      if (tcp === undefined) return;
      const server = await listen(tcp);
      logger.info({ addresses: server.addresses.map(formatHostAddress) }, 'serving metrics');
    },
    async close() {
      engine.reject(new OutboardError('unavailable', 'the daemon is shutting down'));
      await Promise.all(servers.map((server) => server.close(AbortSignal.abort())));
    },
  };
}

/** A value that comes later, or never. */
function createAwaited<Value>() {
  let resolve: (value: Value) => void = () => {};
  let reject: (reason: Error) => void = () => {};
  const value = new Promise<Value>((...settle) => {
    [resolve, reject] = settle;
  });
  // Nobody may be waiting when it does not come.
  value.catch(() => undefined);
  return { value, resolve, reject };
}
