/**
 * The API: routes over an engine, behind authorization, with every request counted and logged.
 */
import { runOnce } from '@outboard/async';
import { cgroups, diagnoseHost, type PluginEngine } from '@outboard/engine';
import type { CallLog, Consumers, Gateway } from '@outboard/gateway';
import type { RegistriesConfiguration } from '@outboard/oci';
import type { Logger } from 'pino';
import type { Authorization } from './authorization/authorization.ts';
import type { Configuration } from './configuration/configuration.ts';
import { createEventLog } from './events/event-log.ts';
import { readComponentVersions } from './host/component-versions.ts';
import { checkGateway } from './host/gateway-check.ts';
import { readHostFacts } from './host/host-facts.ts';
import { checkSignaturePolicy } from './host/policy-check.ts';
import { checkRegistries } from './host/registries-check.ts';
import { createRequestHandler, type HandleRequest } from './http/request-handler.ts';
import { createRouteTable } from './http/route-table.ts';
import { createRequestLogger } from './logging/request-logger.ts';
import type { MetricsService } from './metrics/metrics-service.ts';
import { createRoutes } from './routes/routes.ts';
import { settleSockets } from './routes/settle-sockets.ts';

/** The parts behind the API. */
export interface ApiDeps {
  readonly engine: PluginEngine;
  readonly calls: CallLog;
  /** Absent while the gateway is off, as the consumers are. */
  readonly gateway?: Gateway | undefined;
  readonly consumers?: Consumers | undefined;
  /** Resolves when sockets and consumers' files are as the plugins say. */
  readonly settled: () => Promise<void>;
  readonly configuration: Configuration;
  /** The configuration of registries in force. */
  readonly registries: () => RegistriesConfiguration;
  readonly authorization: Authorization;
  readonly metrics: Pick<MetricsService, 'countRequest'>;
  /** Version of the daemon. */
  readonly version: string;
  /** Aborted when the daemon stops. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

/** Create the request handler of all listeners of the API. */
export function createApi(deps: ApiDeps): HandleRequest {
  const { engine, configuration, authorization, metrics, version, logger } = deps;
  const roots = {
    dataRoot: configuration['data-root'],
    execRoot: configuration['exec-root'],
    runtime: configuration.runtime,
  };
  const routes = createRoutes({
    engine,
    gateway: deps.gateway,
    calls: deps.calls,
    consumers: deps.consumers,
    events: createEventLog(
      (listener) => engine.onEvent(listener),
      (error) => logger.error({ err: error }, 'a follower of events failed'),
    ),
    version,
    dataRoot: roots.dataRoot,
    registries: deps.registries,
    runtime: roots.runtime,
    cgroupDriver: cgroups.chooseDriver(configuration['cgroup-driver']),
    liveRestore: configuration['live-restore'],
    authorizationPlugins: authorization.names,
    secretPatterns: configuration['secret-settings'],
    diagnose: async () => [
      ...(await diagnoseHost({ ...roots, cgroupDriver: configuration['cgroup-driver'] })),
      checkGateway(deps.gateway),
      checkRegistries(deps.registries()),
      await checkSignaturePolicy(engine),
    ],
    hostFacts: runOnce(readHostFacts),
    components: runOnce(() => readComponentVersions(roots.runtime)),
  });
  const logRequest = createRequestLogger(logger);
  return createRequestHandler({
    findRoute: createRouteTable(settleSockets(routes, deps.settled)),
    version,
    stopping: deps.stopping,
    log: (request) => {
      metrics.countRequest(request);
      logRequest(request);
    },
    bodyLimits: { stallMs: configuration['request-timeout'] * 1000 },
    maxBodyMemory: configuration['max-body-memory'],
    authorize: authorization.authorize,
  });
}
