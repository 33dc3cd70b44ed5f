/**
 * Enable: start a plugin and record that it should run.
 */

import type { Cancellable } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import type { EngineContext } from '../engine-context.ts';
import { type StopContext, stopDisabled } from './stop-disabled.ts';

/** Limit for the socket to appear when the caller sets none. */
const defaultTimeoutSeconds = 30;

/** Options of `enable`. */
export interface EnableOptions extends Cancellable {
  /**
   * Limit for the socket to accept connections and for later calls to the plugin; restarts allow the socket at least
   * that. 0 or absent: 30 s for the socket, none for calls.
   */
  readonly timeoutSeconds?: number | undefined;
  /** Create missing directories that are sources of mounts; default as the plugin's options say. */
  readonly createMounts?: boolean | undefined;
}

type EnableContext = StopContext & Pick<EngineContext, 'announce' | 'drivers' | 'preflight' | 'collectors'>;

/**
 * Start a plugin; it is enabled once its socket accepts a connection.
 * @throws {OutboardError} not-found; conflict when it is enabled already; invalid for a negative timeout;
 *   system when it does not start, with its exit code and last log lines, and nothing of it is left running;
 *   code `preflight` with all that the host lacks for it
 */
export async function enablePlugin(
  context: EnableContext,
  plugin: string,
  options: EnableOptions,
): Promise<void> {
  const { timeoutSeconds = 0, createMounts, signal } = options;
  if (!Number.isSafeInteger(timeoutSeconds) || timeoutSeconds < 0) {
    throw new OutboardError('invalid', `negative timeout ${timeoutSeconds}: want 0 or more seconds`);
  }
  const { id } = context.store.find(plugin);
  await context.queue.run(id, async () => {
    const record = context.store.find(id);
    if (record.enabled) {
      throw new OutboardError('conflict', `plugin already enabled: plugin ${record.name} is enabled`);
    }
    const limit = timeoutSeconds === 0 ? defaultTimeoutSeconds : timeoutSeconds;
    await context.preflight.clear(record, { createMounts, signal });
    signal?.throwIfAborted();
    const enabled = { ...record, enabled: true, timeoutSeconds };
    await context.supervisor.start(enabled, { timeoutMs: limit * 1000, signal });
    await saveEnabled(context, enabled);
    context.drivers.changes.enabled(enabled);
    context.announce({ type: 'plugin', action: 'enable', id, attributes: { name: record.name } });
  });
  // Docker starts collectors before it answers. Outside of the queue, so that other operations need not wait.
  await context.collectors?.started(id, { signal });
}

async function saveEnabled(context: StopContext, record: PluginRecord): Promise<void> {
  try {
    await context.store.save(record);
  } catch (error) {
    await stopDisabled(context, record.id);
    throw error;
  }
}
