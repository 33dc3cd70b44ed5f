/**
 * All routes of the API, in one table.
 */
import type { HostCheck, PluginEngine } from '@outboard/engine';
import type { EventLog } from '../events/event-log.ts';
import type { Route } from '../http/route-table.ts';
import { authRoute } from './auth.ts';
import { collectGarbageRoute } from './collect-garbage.ts';
import { createRoute } from './create.ts';
import { disableRoute } from './disable.ts';
import { doctorRoute } from './doctor.ts';
import { enableRoute } from './enable.ts';
import { eventsRoute } from './events.ts';
import { execRoute } from './exec.ts';
import { type InfoSources, infoRoute } from './info.ts';
import { inspectRoute } from './inspect.ts';
import { listRoute } from './list.ts';
import { logsRoute } from './logs.ts';
import { optionsRoutes } from './options.ts';
import { pingRoutes } from './ping.ts';
import { createPluginEncoder } from './plugin-encoder.ts';
import { preflightRoute } from './preflight.ts';
import { privilegesRoute } from './privileges.ts';
import { pullRoute } from './pull.ts';
import { pushRoutes } from './push.ts';
import { removeRoute } from './remove.ts';
import { repairRoute } from './repair.ts';
import { restartRoute } from './restart.ts';
import { setRoute } from './set.ts';
import { statsRoutes } from './stats.ts';
import { statusRoutes } from './status.ts';
import { topRoute } from './top.ts';
import { upgradeRoute } from './upgrade.ts';
import { usesRoutes } from './uses.ts';
import { type VersionSources, versionRoute } from './version.ts';
import { volumeRoutes } from './volumes/volume-routes.ts';
import { waitRoute } from './wait.ts';

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
    ...usesRoutes(engine),
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
