/**
 * `POST /plugins/{name}/disable`
 */
import type { PluginEngine } from '@outboard/engine';
import { brokenUses } from '../../http/broken-uses.ts';
import { isTrue, readParameters } from '../../http/parameters.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Disables a plugin; `force` also one that is in use. */
export function disableRoute(engine: Pick<PluginEngine, 'disable' | 'inspect' | 'references'>): Route {
  return {
    method: 'POST',
    path: '/plugins/{name}/disable',
    async handle(exchange) {
      const parameters = await readParameters(exchange);
      const force = isTrue(parameters.get('force'));
      const headers = brokenUses(engine, exchange.name, force);
      await engine.disable(exchange.name, { force });
      return emptyReply(200, headers);
    },
  };
}
