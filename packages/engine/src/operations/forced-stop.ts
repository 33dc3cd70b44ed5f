/**
 * A stop by force: whoever asks for it does not wait for as long as the plugin was given to end by itself.
 */
import type { PluginRecord } from '../config/plugin-config.ts';
import { forcedGraceMs, stopGraceMs } from '../supervise/supervision-options.ts';
import type { StopOptions, Supervisor } from '../supervise/supervisor.ts';

/** A stop that someone else asked for holds up the next operation, so it is cut short before that has its turn. */
export function hastenStops(
  supervisor: Pick<Supervisor, 'limitStops'>,
  id: string,
  force: boolean,
): Disposable | undefined {
  return force ? supervisor.limitStops(id, forcedGraceMs) : undefined;
}

/** How to stop a plugin, by force or not. */
export function stopOptions({ options }: PluginRecord, force: boolean): StopOptions {
  return force ? { graceMs: Math.min(stopGraceMs(options), forcedGraceMs) } : {};
}
