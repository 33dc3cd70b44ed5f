/**
 * The options of a plugin's supervision, with the defaults filled in.
 */
import { optionDefaults } from './option-table.ts';
import type { PluginOptions, RestartPolicy } from './plugin-options.ts';

const { stopTimeoutSeconds: defaultStopTimeoutSeconds, restart: defaultRestartPolicy } = optionDefaults;

/** Time between SIGTERM and SIGKILL, in milliseconds. */
export function stopGraceMs({ stopTimeoutSeconds = defaultStopTimeoutSeconds }: PluginOptions): number {
  return stopTimeoutSeconds * 1000;
}

/** Upper bound of the time between SIGTERM and SIGKILL in a forced stop, in milliseconds: the default of plugins. */
export const forcedGraceMs = defaultStopTimeoutSeconds * 1000;

/** The restart policy in force. */
export function restartPolicy({ restart = defaultRestartPolicy }: PluginOptions): RestartPolicy {
  return restart;
}
