/**
 * Opens the log of calls over the engine's files.
 */
import { systemClock } from '@outboard/async';
import type { PluginEngine } from '@outboard/engine';
import { type CallLog, createCallLog } from '@outboard/gateway';
import type { Logger } from 'pino';

/** The log of the calls of this engine's plugins; the figures of a removed plugin end. */
export function openCallLog(
  engine: Pick<PluginEngine, 'list' | 'inspect' | 'logs' | 'onEvent'>,
  logger: Logger,
): CallLog {
  const calls = createCallLog({
    lines: engine.logs.calls,
    plugins: { all: () => engine.list(), find: (plugin) => engine.inspect(plugin) },
    clock: systemClock,
    logger,
  });
  engine.onEvent(({ type, action, id }) => {
    if (type === 'plugin' && action === 'remove') calls.forget(id);
  });
  return calls;
}
