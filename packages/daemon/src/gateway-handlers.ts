/**
 * The handlers of the gateway's sockets over this process's engine.
 */
import type { RequestListener } from 'node:http';
import { systemClock } from '@outboard/async';
import type { PluginEngine } from '@outboard/engine';
import { type CallLog, createPluginHandlers } from '@outboard/gateway';
import type { Logger } from 'pino';

/** Parts of the handlers. */
export interface GatewayHandlerDeps {
  readonly engine: Pick<PluginEngine, 'serving' | 'volumes' | 'logPipes'>;
  /** Records every call. */
  readonly calls: Pick<CallLog, 'record' | 'watch'>;
  readonly logger: Logger;
}

/** Make handlers. @returns makes the handler of a plugin; one that was disabled in the same moment refuses every call */
export function createGatewayHandlers(
  deps: GatewayHandlerDeps,
): (plugin: { readonly id: string; readonly name: string }) => RequestListener {
  const { calls, logger } = deps;
  const { serving, volumes, logPipes } = deps.engine;
  const handlerOf = createPluginHandlers({
    mounts: volumes,
    logPipes,
    ready: (id, options) => serving.ready(id, options),
    onCall: (call) => calls.record(call),
    onGuard: (id, load) => calls.watch(id, load),
    clock: systemClock,
    logger,
  });
  return ({ id, name }) => {
    const plugin = serving.get(id);
    if (plugin !== undefined) return handlerOf(plugin);
    return (_request, response) => {
      response.writeHead(503, { 'Content-Type': 'application/json' });
      response.end(`${JSON.stringify({ Err: `plugin ${name} is disabled` })}\n`);
    };
  };
}
