/**
 * `GET /plugins/{name}/json`
 */
import type { PluginEngine } from '@outboard/engine';
import { encodedJsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';
import { toDamagedPlugin } from '../../plugin-list/damaged-plugins.ts';
import type { PluginEncoder } from '../../plugin-list/plugin-encoder.ts';

/** Describes a plugin, also a damaged one. */
export function inspectRoute(
  engine: Pick<PluginEngine, 'inspect' | 'inspectDamaged'>,
  encoder: PluginEncoder,
): Route {
  return {
    method: 'GET',
    path: '/plugins/{name}/json',
    handle({ name }) {
      const damaged = engine.inspectDamaged(name);
      const plugin = damaged === undefined ? engine.inspect(name) : toDamagedPlugin(damaged);
      return encodedJsonReply(200, encoder.one(plugin));
    },
  };
}
