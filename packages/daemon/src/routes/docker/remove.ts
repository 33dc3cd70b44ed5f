/**
 * `DELETE /plugins/{name}`
 */
import type { PluginEngine } from '@outboard/engine';
import { brokenUses } from '../../http/broken-uses.ts';
import { isTrue } from '../../http/parameters.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Removes a plugin; `force` also one that is enabled or in use. */
export function removeRoute(engine: Pick<PluginEngine, 'remove' | 'inspect' | 'references'>): Route {
  return {
    method: 'DELETE',
    path: '/plugins/{name}',
    async handle({ name, query }) {
      const force = isTrue(query.get('force'));
      const headers = brokenUses(engine, name, force);
      await engine.remove(name, { force });
      return emptyReply(200, headers);
    },
  };
}
