/**
 * `GET /plugins`
 */
import type { Plugin, PluginEngine } from '@outboard/engine';
import { encodedJsonReply } from '../http/reply.ts';
import type { Route } from '../http/route-table.ts';
import { parsePluginFilters } from './plugin-filters.ts';

/**
 * @param encode a plugin as JSON text
 */
export function listRoute(engine: Pick<PluginEngine, 'list'>, encode: (plugin: Plugin) => string): Route {
  return {
    method: 'GET',
    path: '/plugins',
    handle({ query }) {
      const plugins = engine.list(parsePluginFilters(query.get('filters')));
      return encodedJsonReply(200, `[${plugins.map(encode).join(',')}]`);
    },
  };
}
