/**
 * `POST /plugins/{name}/enable`
 */
import type { PluginEngine } from '@outboard/engine';
import { emptyReply } from '../http/reply.ts';
import type { Route } from '../http/route-table.ts';
import { parseSeconds, readParameters } from './parameters.ts';

export function enableRoute(engine: Pick<PluginEngine, 'enable'>): Route {
  return {
    method: 'POST',
    path: '/plugins/{name}/enable',
    async handle(exchange) {
      const parameters = await readParameters(exchange);
      const timeoutSeconds = parseSeconds(parameters.get('timeout'));
      await engine.enable(exchange.name, { timeoutSeconds, signal: exchange.signal });
      return emptyReply(200);
    },
  };
}
