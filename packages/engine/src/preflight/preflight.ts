/**
 * The preflight of a start: all checks of the host for one plugin at once.
 */
import type { Cancellable } from '@outboard/async';
import type { PluginRecord } from '../config/plugin-config.ts';
import type { Finding } from './finding.ts';

/** Checks a host for one plugin. */
export interface Preflight {
  /** Find all problems, without a change to anything. */
  check(record: PluginRecord, options?: PreflightOptions): Promise<readonly Finding[]>;
  /**
   * Allow a plugin to start, or refuse with all problems that prevent it. Problems that are not fatal are logged. Missing
   * directories are created when the options ask for it, and only when nothing else is wrong.
   * @throws {OutboardError} with one finding a line: invalid when only the plugin's settings are wrong, else system;
   *   `details.reason` is all of it in one line. The signal's reason
   */
  clear(record: PluginRecord, options?: PreflightOptions): Promise<void>;
}

/** Choices for one preflight. */
export interface PreflightOptions extends Cancellable {
  /** Create missing directories to mount; default by the plugin's options. */
  readonly createMounts?: boolean | undefined;
  /** Root filesystem to look into; default the installed one. */
  readonly rootfs?: string | undefined;
}
