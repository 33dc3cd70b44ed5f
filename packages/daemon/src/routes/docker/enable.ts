/**
 * `POST /plugins/{name}/enable`
 */
import type { PluginEngine } from '@outboard/engine';
import { isTrue, parseSeconds, readParameters } from '../../http/parameters.ts';
import { emptyReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Enables a plugin; `timeout` is a number of seconds, `createMounts` is Outboard's own. */
export function enableRoute(engine: Pick<PluginEngine, 'enable'>): Route {
  return {
    method: 'POST',
    path: '/plugins/{name}/enable',
    async handle(exchange) {
      const parameters = await readParameters(exchange);
      const timeoutSeconds = parseSeconds(parameters.get('timeout'));
      // Absent, the option of the plugin decides.
      const createMounts = parameters.has('createMounts') && {
        createMounts: isTrue(parameters.get('createMounts')),
      };
      await engine.enable(exchange.name, { timeoutSeconds, ...createMounts, signal: exchange.signal });
      return emptyReply(200);
    },
  };
}
