/**
 * `DELETE /plugins/{name}`
 */
import type { PluginEngine } from '@outboard/engine';
import { isTrue } from '../../http/parameters.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Removes a plugin; `force` also one that is enabled or in use. */
export function removeRoute(engine: Pick<PluginEngine, 'remove'>): Route {
  return {
    method: 'DELETE',
    path: '/plugins/{name}',
    async handle({ name, query }) {
      await engine.remove(name, { force: isTrue(query.get('force')) });
      return emptyReply(200);
    },
  };
}
