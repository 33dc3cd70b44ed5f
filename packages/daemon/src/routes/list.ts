/**
 * `GET /plugins`
 */
import type { PluginEngine } from '@outboard/engine';
import { encodedJsonReply } from '../http/reply.ts';
import type { Route } from '../http/route-table.ts';
import type { PluginEncoder } from './plugin-encoder.ts';
import { parsePluginFilters } from './plugin-filters.ts';

export function listRoute(engine: Pick<PluginEngine, 'list'>, encoder: PluginEncoder): Route {
  return {
    method: 'GET',
    path: '/plugins',
    handle({ query }) {
      const plugins = engine.list(parsePluginFilters(query.get('filters')));
      return encodedJsonReply(200, encoder.list(plugins));
    },
  };
}
