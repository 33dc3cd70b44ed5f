/**
 * The obstacle before the calls to a plugin: something that passes, or an error that does not.
 */
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { hasProcess, type PluginState } from '../../supervise/supervisor.ts';

/** The cause for which calls cannot be made. */
export interface Obstacle {
  /** Completes "was not ready: …". */
  readonly reason: string;
  /** Present when waiting is of no use. */
  readonly error?: OutboardError | undefined;
}

/** Facts about the gate. */
export interface GateFacts {
  /** An operation has closed it. */
  readonly isDrained: boolean;
  /** The plugin runs, and the work before its first call is under way. */
  readonly isPreparing: boolean;
}

/**
 * Find the obstacle of a plugin.
 * @param record undefined when it was removed
 * @returns undefined when calls can be made
 */
export function findObstacle(
  record: Pick<PluginRecord, 'name' | 'enabled'> | undefined,
  state: PluginState,
  { isDrained, isPreparing }: GateFacts,
): Obstacle | undefined {
  if (isDrained) return { reason: 'it is being restarted or upgraded' };
  if (hasProcess(state)) return isPreparing ? { reason: 'its volumes are being mounted again' } : undefined;
  if (record?.enabled !== true) {
    const reason = record === undefined ? 'the plugin was removed' : `plugin ${record.name} is disabled`;
    return { reason, error: new OutboardError('unavailable', reason, { code: 'plugin-disabled' }) };
  }
  if (state.status === 'failed') {
    const message = `plugin ${record.name} has failed: ${state.reason}`;
    return {
      reason: state.reason,
      error: new OutboardError('unavailable', message, { code: 'plugin-failed' }),
    };
  }
  if (state.status === 'backing-off') return { reason: `it is about to be restarted: ${state.reason}` };
  return { reason: 'it is being started' };
}
