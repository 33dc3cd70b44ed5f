/**
 * `GET /plugins/{name}/json`
 */
import type { Plugin, PluginEngine } from '@outboard/engine';
import { encodedJsonReply } from '../http/reply.ts';
import type { Route } from '../http/route-table.ts';

/**
 * @param encode a plugin as JSON text
 */
export function inspectRoute(
  engine: Pick<PluginEngine, 'inspect'>,
  encode: (plugin: Plugin) => string,
): Route {
  return {
    method: 'GET',
    path: '/plugins/{name}/json',
    handle: ({ name }) => encodedJsonReply(200, encode(engine.inspect(name))),
  };
}
