/**
 * Stops by force: the grace between SIGTERM and SIGKILL is shortened to 10 s.
 */
import { optionsOf } from '../config/options-in-force.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import { forcedGraceMs, stopGraceMs } from '../config/supervision-options.ts';
import type { StopOptions, Supervisor } from '../supervise/supervisor.ts';

/**
 * Shorten the stop that is under way, if any, before the forced operation waits for its turn in the plugin's queue.
 * @returns ends the shortening; undefined without force
 */
export function shortenStops(
  supervisor: Pick<Supervisor, 'limitStops'>,
  id: string,
  force: boolean,
): Disposable | undefined {
  return force ? supervisor.limitStops(id, forcedGraceMs) : undefined;
}

/** The options of a stop, by force or not. */
export function stopOptions(record: PluginRecord, force: boolean): StopOptions {
  return force ? { graceMs: Math.min(stopGraceMs(optionsOf(record)), forcedGraceMs) } : {};
}
