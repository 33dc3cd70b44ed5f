/**
 * `POST /plugins/create`
 */
import type { PluginEngine } from '@outboard/engine';
import { emptyReply } from '../http/reply.ts';
import type { Route } from '../http/route-table.ts';

/** The body is a tar, plain or compressed, whatever its Content-Type says, as in Docker. */
export function createRoute(engine: Pick<PluginEngine, 'create'>): Route {
  return {
    method: 'POST',
    path: '/plugins/create',
    async handle({ query, body, signal }) {
      await engine.create({ name: query.get('name') ?? '', context: body.chunks(), signal });
      return emptyReply(204);
    },
  };
}
