/**
 * `GET /plugins`
 */
import type { PluginEngine } from '@outboard/engine';
import { encodedJsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';
import { filterDamaged, toDamagedPlugin } from '../../plugin-list/damaged-plugins.ts';
import type { PluginEncoder } from '../../plugin-list/plugin-encoder.ts';
import { parsePluginFilters } from '../../plugin-list/plugin-filters.ts';

/** Lists plugins, also damaged ones. */
export function listRoute(engine: Pick<PluginEngine, 'list' | 'damaged'>, encoder: PluginEncoder): Route {
  return {
    method: 'GET',
    path: '/plugins',
    async handle({ query }) {
      const filters = parsePluginFilters(query.get('filters'));
      const plugins = engine.list(filters);
      const damaged = filterDamaged(engine.damaged(), filters);
      const all = damaged.length === 0 ? plugins : [...plugins, ...damaged.map(toDamagedPlugin)];
      return encodedJsonReply(200, await encoder.list(all));
    },
  };
}
