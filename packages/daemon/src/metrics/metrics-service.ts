/**
 * Serves the metrics of the daemon: on a socket in the exec root for plugins that collect them, and on an address if one
 * is configured.
 */
import { withResolvers } from '@outboard/async';
import { type EngineObserver, type MetricsSocket, OutboardError, type PluginEngine } from '@outboard/engine';
import type { Logger } from 'pino';
import type { RequestLog } from '../http/request-handler.ts';
import { type ApiServer, startApiServer } from '../listen/api-server.ts';
import { formatHostAddress, type HostAddress, isLoopback } from '../listen/host-address.ts';
import { createMeasurements } from './measurements.ts';
import { metricsSocketAddress, parseMetricsAddress } from './metrics-address.ts';
import { createMetricsHandler } from './metrics-handler.ts';
import type { MeasuredGateway, MetricSources } from './render-metrics.ts';

/** The metrics of one daemon. It exists before the engine, which reports to it. */
export interface MetricsService {
  /** For the engine, which decides when it listens. Undefined when the path of the exec root is too long for a socket. */
  readonly socket: MetricsSocket | undefined;
  /** Counts operations of the engine. */
  readonly observer: EngineObserver;
  /** Count an answered request of the API. */
  countRequest(request: RequestLog): void;
  /**
   * Serve the metrics of this engine and this gateway, and listen on the configured address. Earlier requests are answered now.
   * @throws {OutboardError} conflict when the address is in use
   */
  serve(engine: PluginEngine, gateway: MeasuredGateway): Promise<void>;
  /** Close all listeners and cut their connections; waiting requests fail with unavailable. */
  close(): Promise<void>;
}

/** Where metrics are served, and what they say of the daemon. */
export interface MetricsServiceOptions {
  /** `ADDRESS:PORT`; empty for none. */
  readonly address: string;
  readonly execRoot: string;
  /** Version of the daemon. */
  readonly version: string;
  readonly logger: Logger;
}

/** @throws {OutboardError} invalid if the address cannot be parsed */
export function createMetricsService(options: MetricsServiceOptions): MetricsService {
  const { logger, version } = options;
  const tcp = options.address === '' ? undefined : parseMetricsAddress(options.address);
  const socket = metricsSocketAddress(options.execRoot);
  const measurements = createMeasurements();
  const sources = withResolvers<MetricSources>();
  // If the engine fails to open, no request may be waiting for it.
  sources.promise.catch(() => undefined);
  const servers: ApiServer[] = [];
  const handle = createMetricsHandler(async () => {
    const { renderMetrics } = await import('./render-metrics.ts');
    return renderMetrics(await sources.promise, measurements, version);
  }, logger);

  async function listen(address: HostAddress): Promise<ApiServer> {
    // Against DNS rebinding a loopback address accepts only its own names. Other addresses may have names that the daemon
    // does not know.
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
    async serve(engine, gateway) {
      engine.onEvent(({ type, action, id }) => {
        if (type === 'plugin' && action === 'remove') measurements.forget(id);
      });
      sources.resolve({ engine, gateway });
      if (tcp === undefined) return;
      const server = await listen(tcp);
      logger.info({ addresses: server.addresses.map(formatHostAddress) }, 'serving metrics');
    },
    async close() {
      sources.reject(new OutboardError('unavailable', 'the daemon is shutting down'));
      await Promise.all(servers.map((server) => server.close(AbortSignal.abort())));
    },
  };
}
