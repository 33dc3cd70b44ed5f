/**
 * `GET /plugins/{name}/json`
 */
import type { PluginEngine } from '@outboard/engine';
import { encodedJsonReply } from '../http/reply.ts';
import type { Route } from '../http/route-table.ts';
import type { PluginEncoder } from './plugin-encoder.ts';

export function inspectRoute(engine: Pick<PluginEngine, 'inspect'>, encoder: PluginEncoder): Route {
  return {
    method: 'GET',
    path: '/plugins/{name}/json',
    handle: ({ name }) => encodedJsonReply(200, encoder.one(engine.inspect(name))),
  };
}
