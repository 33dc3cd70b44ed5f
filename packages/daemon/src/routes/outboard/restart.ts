/**
 * `POST /outboard/v1/plugins/{name}/restart`: with Docker's disable and enable a plugin stays disabled if the second fails.
 */
import type { PluginEngine } from '@outboard/engine';
import { isTrue } from '../../http/parameters.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Restarts a plugin; `force` also one that is in use. */
export function restartRoute(engine: Pick<PluginEngine, 'restart'>): Route {
  return {
    method: 'POST',
    path: '/outboard/v1/plugins/{name}/restart',
    async handle({ name, query, signal }) {
      await engine.restart(name, { force: isTrue(query.get('force')), signal });
      return emptyReply(204);
    },
  };
}
