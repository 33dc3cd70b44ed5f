/**
 * `POST /plugins/create`
 */
import type { PluginEngine } from '@outboard/engine';
import { isTrue } from '../../http/parameters.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** `mustRun` is Outboard's own. The body is a tar, plain or compressed, whatever its Content-Type says, as in Docker. */
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
