/**
 * `POST /outboard/v1/plugins/{name}/repair`: create a new record for a damaged plugin.
 */
import type { PluginEngine } from '@outboard/engine';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Repairs a plugin; the parameter `name` is needed if the old name is lost. */
export function repairRoute(engine: Pick<PluginEngine, 'repair'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/plugins/{name}/repair',
    async handle({ name, query }) {
      const newName = query.get('name');
      const { plugin, warnings } = await engine.repair(name, { name: newName ?? undefined });
      return jsonReply(200, {
        Id: plugin.id,
        Name: plugin.name,
        Enabled: plugin.enabled,
        Warnings: warnings,
      });
    },
  };
}
