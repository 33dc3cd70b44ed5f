/**
 * `POST /outboard/v1/plugins/{name}/repair`: give a plugin a record again whose own is damaged.
 */
import type { PluginEngine } from '@outboard/engine';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

export function repairRoute(engine: Pick<PluginEngine, 'repair'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/plugins/{name}/repair',
    async handle({ name, query }) {
      const newName = query.get('name');
      const { plugin, warnings } = await engine.repair(name, newName === null ? {} : { name: newName });
      return jsonReply(200, {
        Id: plugin.id,
        Name: plugin.name,
        Enabled: plugin.enabled,
        Warnings: warnings,
      });
    },
  };
}
