/**
 * `POST /plugins/create`
 */
import type { PluginEngine } from '@outboard/engine';
import { isTrue } from '../../http/parameters.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/**
 * Creates a plugin from a tar, plain or compressed; as in Docker, the Content-Type is not checked. The parameter `mustRun`
 * is Outboard's own.
 */
export function createRoute(engine: Pick<PluginEngine, 'create'>): Route {
  return {
    method: 'POST',
    path: '/plugins/create',
    async handle({ query, body, signal }) {
      await engine.create({
        name: query.get('name') ?? '',
        context: body.chunks(),
        mustRun: isTrue(query.get('mustRun')),
        signal,
      });
      return emptyReply(204);
    },
  };
}
