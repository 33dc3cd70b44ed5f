/**
 * What a plugin's options say about its supervision, with the defaults filled in.
 */
import { optionDefaults } from './option-table.ts';
import type { PluginOptions, RestartPolicy } from './plugin-options.ts';

const { stopTimeoutSeconds: defaultStopTimeoutSeconds, restart: defaultRestartPolicy } = optionDefaults;

/** Between SIGTERM and SIGKILL, in milliseconds. */
export function stopGraceMs({ stopTimeoutSeconds = defaultStopTimeoutSeconds }: PluginOptions): number {
  return stopTimeoutSeconds * 1000;
}

/** How long a stop by force may take to SIGKILL, in milliseconds: as long as any plugin has that no one gave more. */
export const forcedGraceMs = defaultStopTimeoutSeconds * 1000;

export function restartPolicy({ restart = defaultRestartPolicy }: PluginOptions): RestartPolicy {
  return restart;
}
