/**
 * Requests that change plugins or consumers are answered once the sockets of the gateway and the files of consumers follow: after
 * `outboard enable`, the next command may use the plugin.
 */
import { settlesWithin } from '@outboard/async';
import type { Route } from '../http/route-table.ts';

/** The plugins have changed by then: a socket that hangs keeps no request waiting for longer, in milliseconds. */
const deadlineMs = 10_000;

/** The same routes. @param settled resolves when the sockets and files are as the plugins say */
export function settleSockets(routes: readonly Route[], settled: () => Promise<void>): readonly Route[] {
  return routes.map((route) => {
    if (!changesPlugins(route)) return route;
    return {
      ...route,
      async handle(exchange) {
        const reply = await route.handle(exchange);
        await settlesWithin(settled(), deadlineMs);
        return reply;
      },
    };
  });
}

function changesPlugins({ method, path }: Route): boolean {
  return method !== 'GET' && /^(?:(?:\/outboard\/v1)?\/plugins|\/outboard\/v1\/consumers)\//.test(path);
}
