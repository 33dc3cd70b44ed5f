/**
 * All routes of the API, in one table.
 */
import type { HostCheck, PluginEngine } from '@outboard/engine';
import type { EventLog } from '../events/event-log.ts';
import type { Route } from '../http/route-table.ts';
import { createPluginEncoder } from '../plugin-list/plugin-encoder.ts';
import { authRoute } from './docker/auth.ts';
import { createRoute } from './docker/create.ts';
import { disableRoute } from './docker/disable.ts';
import { enableRoute } from './docker/enable.ts';
import { eventsRoute } from './docker/events.ts';
import { type InfoSources, infoRoute } from './docker/info.ts';
import { inspectRoute } from './docker/inspect.ts';
import { listRoute } from './docker/list.ts';
import { pingRoutes } from './docker/ping.ts';
import { privilegesRoute } from './docker/privileges.ts';
import { pullRoute } from './docker/pull.ts';
import { pushRoutes } from './docker/push.ts';
import { removeRoute } from './docker/remove.ts';
import { setRoute } from './docker/set.ts';
import { upgradeRoute } from './docker/upgrade.ts';
import { type VersionSources, versionRoute } from './docker/version.ts';
import { volumeRoutes } from './docker/volumes/volume-routes.ts';
import { collectGarbageRoute } from './outboard/collect-garbage.ts';
import { doctorRoute } from './outboard/doctor.ts';
import { execRoute } from './outboard/exec.ts';
import { logsRoute } from './outboard/logs.ts';
import { optionsRoutes } from './outboard/options.ts';
import { preflightRoute } from './outboard/preflight.ts';
import { referenceRoutes } from './outboard/references.ts';
import { repairRoute } from './outboard/repair.ts';
import { restartRoute } from './outboard/restart.ts';
import { statsRoutes } from './outboard/stats.ts';
import { statusRoutes } from './outboard/status.ts';
import { topRoute } from './outboard/top.ts';
import { waitRoute } from './outboard/wait.ts';

/** What the routes answer from. */
export interface RouteSources extends VersionSources, Omit<InfoSources, 'engine'> {
  readonly engine: PluginEngine;
  readonly events: EventLog;
  /** Looks at the host anew. */
  readonly diagnose: () => Promise<readonly HostCheck[]>;
}

/** The table of routes. A pattern comes after the literal paths that it would match. */
export function createRoutes(sources: RouteSources): readonly Route[] {
  const { engine } = sources;
  const encoder = createPluginEncoder();
  return [
    ...pingRoutes(),
    versionRoute(sources),
    infoRoute(sources),
    authRoute(engine),
    eventsRoute(sources.events),
    collectGarbageRoute(engine),
    doctorRoute(sources.diagnose),
    ...referenceRoutes(engine),
    ...optionsRoutes(engine),
    execRoute(engine),
    topRoute(engine),
    ...statsRoutes(engine),
    preflightRoute(engine),
    waitRoute(engine),
    ...statusRoutes(engine),
    restartRoute(engine),
    repairRoute(engine),
    logsRoute(engine),
    listRoute(engine, encoder),
    privilegesRoute(engine),
    inspectRoute(engine, encoder),
    pullRoute(engine),
    createRoute(engine),
    enableRoute(engine),
    disableRoute(engine),
    setRoute(engine),
    upgradeRoute(engine),
    ...pushRoutes(engine),
    removeRoute(engine),
    ...volumeRoutes(engine.volumes),
  ];
}
