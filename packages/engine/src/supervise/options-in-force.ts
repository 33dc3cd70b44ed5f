/**
 * What a plugin's options say about its supervision, with the defaults filled in.
 */
import type { PluginRecord } from '../config/plugin-config.ts';
import type { PluginOptions, RestartPolicy } from '../config/plugin-options.ts';
import { defaultRestartPolicy } from './restart-policy.ts';

const defaultStopTimeoutSeconds = 10;

/** Between SIGTERM and SIGKILL, in milliseconds. */
export function stopGraceMs(options: PluginOptions): number {
  return (options.stopTimeoutSeconds ?? defaultStopTimeoutSeconds) * 1000;
}

export function restartPolicy(options: PluginOptions): RestartPolicy {
  return options.restart ?? defaultRestartPolicy;
}

/** The options of a record, which has none when it was written before there were any. */
export function optionsOf(record: PluginRecord & { readonly options?: PluginOptions }): PluginOptions {
  return record.options ?? {};
}
