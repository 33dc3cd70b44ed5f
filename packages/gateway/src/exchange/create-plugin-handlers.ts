/**
 * Handlers of the gateway's sockets: each serves the calls of consumers to one plugin, with limits, a translation where consumers need
 * one, and a clear error for everything that cannot be answered.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { type CallGuard, createCallGuard } from '../protection/call-guard.ts';
import { type CallLimits, callLimitsOf } from '../protection/call-limits.ts';
import { activationOf } from '../translation/activation.ts';
import { serveExchange } from './exchange.ts';
import { createHostPaths } from './host-paths.ts';
import type { HandledPlugin, PluginHandlerDeps } from './plugin-exchange.ts';

/**
 * Make handlers. Limits that did not change go on counting over new handlers of the same plugin.
 * @returns makes the handler of a plugin, for each change of it
 */
export function createPluginHandlers(deps: PluginHandlerDeps): (plugin: HandledPlugin) => RequestListener {
  const guards = new Map<string, { readonly limits: CallLimits; readonly guard: CallGuard }>();

  function guardOf(plugin: HandledPlugin, limits: CallLimits): CallGuard {
    const known = guards.get(plugin.id);
    if (known !== undefined && isDeepStrictEqual(known.limits, limits)) return known.guard;
    const guard = createCallGuard(plugin.name, limits, deps.clock);
    guards.set(plugin.id, { limits, guard });
    deps.onGuard?.(plugin.id, guard);
    return guard;
  }

  return (plugin) => {
    const limits = callLimitsOf(plugin.options);
    const hostPaths = createHostPaths(plugin, deps.mounts, deps.clock);
    const activation = activationOf(plugin.interfaceTypes);
    const context = { plugin, limits, activation, guard: guardOf(plugin, limits), hostPaths, deps };
    return (request: IncomingMessage, response: ServerResponse) => {
      void serveExchange(context, request, response);
    };
  };
}
