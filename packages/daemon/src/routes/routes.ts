/**
 * The table of routes.
 */
import type { HostCheck, PluginEngine } from '@outboard/engine';
import type { CallLog, Consumers, Gateway } from '@outboard/gateway';
import type { EventLog } from '../events/event-log.ts';
import type { Route } from '../http/route-table.ts';
import { createPluginEncoder } from '../plugin-list/plugin-encoder.ts';
import { authRoute } from './docker/auth.ts';
import { createRoute } from './docker/create.ts';
import { disableRoute } from './docker/disable.ts';
import { enableRoute } from './docker/enable.ts';
import { eventsRoute } from './docker/events.ts';
import { type InfoDeps, infoRoute } from './docker/info.ts';
import { inspectRoute } from './docker/inspect.ts';
import { listRoute } from './docker/list.ts';
import { pingRoutes } from './docker/ping.ts';
import { privilegesRoute } from './docker/privileges.ts';
import { pullRoute } from './docker/pull.ts';
import { pushRoutes } from './docker/push.ts';
import { removeRoute } from './docker/remove.ts';
import { setRoute } from './docker/set.ts';
import { upgradeRoute } from './docker/upgrade.ts';
import { type VersionDeps, versionRoute } from './docker/version.ts';
import { volumeRoutes } from './docker/volumes/volume-routes.ts';
import { adoptRoute } from './outboard/adopt.ts';
import { archiveRoutes } from './outboard/archives.ts';
import { callsRoute } from './outboard/calls.ts';
import { collectGarbageRoute } from './outboard/collect-garbage.ts';
import { consumerRoutes } from './outboard/consumers.ts';
import { createFromImageRoute } from './outboard/create-from-image.ts';
import { doctorRoute } from './outboard/doctor.ts';
import { execRoutes } from './outboard/exec.ts';
import { exportRoute } from './outboard/export.ts';
import { fsckRoute } from './outboard/fsck.ts';
import { logsRoute } from './outboard/logs.ts';
import { mountRoutes } from './outboard/mount-volume.ts';
import { optionsRoutes } from './outboard/options.ts';
import { preflightRoute } from './outboard/preflight.ts';
import { referenceRoutes } from './outboard/references.ts';
import { repairRoute } from './outboard/repair.ts';
import { replaceRoute } from './outboard/replace.ts';
import { restartRoute } from './outboard/restart.ts';
import { saveRoute } from './outboard/save.ts';
import { settingsRoute } from './outboard/settings.ts';
import { statsRoutes } from './outboard/stats.ts';
import { statusRoutes } from './outboard/status.ts';
import { topRoute } from './outboard/top.ts';
import { versionRoutes } from './outboard/upgrade.ts';
import { verifyRoute } from './outboard/verify.ts';
import { waitRoute } from './outboard/wait.ts';

/** The parts behind the routes. */
export interface RouteDeps extends VersionDeps, InfoDeps {
  readonly engine: PluginEngine;
  readonly calls: Pick<CallLog, 'read'>;
  readonly events: EventLog;
  /** Absent while the gateway is off, as the consumers are. */
  readonly gateway?: Pick<Gateway, 'endpoint'> | undefined;
  readonly consumers?: Consumers | undefined;
  /** Patterns of names of secret settings; default the engine's. */
  readonly secretPatterns?: readonly string[] | undefined;
  /** Checks the host. */
  readonly diagnose: () => Promise<readonly HostCheck[]>;
}

/** Create the table, one row for each file of routes. A pattern follows the literal paths that it matches. */
export function createRoutes(deps: RouteDeps): readonly Route[] {
  const { engine } = deps;
  const encoder = createPluginEncoder(deps.secretPatterns);
  return [
    ...pingRoutes(),
    versionRoute(deps),
    infoRoute(deps),
    authRoute(engine),
    eventsRoute(deps.events),
    collectGarbageRoute(engine),
    fsckRoute(engine),
    ...archiveRoutes(engine),
    saveRoute(engine),
    adoptRoute(engine),
    doctorRoute(deps.diagnose),
    ...consumerRoutes(deps.consumers),
    ...referenceRoutes(engine),
    ...optionsRoutes(engine),
    settingsRoute(engine, deps.secretPatterns),
    ...execRoutes(engine),
    topRoute(engine),
    ...statsRoutes(engine),
    preflightRoute(engine),
    waitRoute(engine),
    ...statusRoutes(engine, deps.gateway),
    restartRoute(engine),
    ...versionRoutes(engine),
    repairRoute(engine),
    replaceRoute(engine),
    createFromImageRoute(engine),
    exportRoute(engine),
    logsRoute(engine),
    callsRoute(deps.calls),
    listRoute(engine, encoder),
    privilegesRoute(engine),
    verifyRoute(engine),
    inspectRoute(engine, encoder),
    pullRoute(engine),
    createRoute(engine),
    enableRoute(engine),
    disableRoute(engine),
    setRoute(engine, deps.secretPatterns),
    upgradeRoute(engine),
    ...pushRoutes(engine),
    removeRoute(engine),
    ...volumeRoutes(engine.volumes),
    ...mountRoutes(engine.volumes),
  ];
}
