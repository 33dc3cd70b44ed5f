/**
 * `POST /plugins/{name}/disable`
 */
import type { PluginEngine } from '@outboard/engine';
import { isTrue, readParameters } from '../../http/parameters.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Disables a plugin; `force` also one that is in use. */
export function disableRoute(engine: Pick<PluginEngine, 'disable'>): Route {
  return {
    method: 'POST',
    path: '/plugins/{name}/disable',
    async handle(exchange) {
      const parameters = await readParameters(exchange);
      await engine.disable(exchange.name, { force: isTrue(parameters.get('force')) });
      return emptyReply(200);
    },
  };
}
