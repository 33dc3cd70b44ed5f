/**
 * Enable: start a plugin and remember that it should run.
 */
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { type StopContext, stopForGood } from './best-effort.ts';
import type { EngineContext } from './engine-context.ts';

/** How long a socket may take to appear when the caller sets no limit, in seconds. */
const defaultTimeoutSeconds = 30;

export interface EnableOptions {
  readonly timeoutSeconds?: number;
  readonly createMounts?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Start a plugin; it is enabled once its socket accepts a connection.
 * @param options.timeoutSeconds limit for the socket to appear, and for later calls to the plugin; restarts allow for
 *   the socket at least that. 0 or absent: 30 s for the socket, none for calls
 * @throws {OutboardError} not-found; conflict when it is enabled already; invalid for a negative timeout;
 *   system when it does not start, with its exit code and last log lines; nothing is left running then;
 *   code `preflight` when the host lacks what it needs, with all of it
 * @param options.createMounts make directories that are missing as sources of mounts; default as its options say
 */
export async function enablePlugin(
  context: Pick<
    EngineContext,
    | 'store'
    | 'queue'
    | 'supervisor'
    | 'announce'
    | 'drivers'
    | 'preflight'
    | 'logger'
    | 'inBackground'
    | 'collectors'
  >,
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
    const cancellable = signal === undefined ? {} : { signal };
    await context.preflight.clear(record, {
      ...(createMounts !== undefined && { createMounts }),
      ...cancellable,
    });
    signal?.throwIfAborted();
    const enabled = { ...record, enabled: true, timeoutSeconds };
    await context.supervisor.start(enabled, { timeoutMs: limit * 1000, ...cancellable });
    await saveEnabled(context, enabled);
    context.drivers.changes.enabled(enabled);
    context.announce({ type: 'plugin', action: 'enable', id, attributes: { name: record.name } });
  });
  // As in Docker, a collector is at work when this answers. It holds up nobody else who waits for the plugin.
  await context.collectors?.started(id, signal === undefined ? {} : { signal });
}

async function saveEnabled(context: StopContext, record: PluginRecord): Promise<void> {
  try {
    await context.store.save(record);
  } catch (error) {
    await stopForGood(context, record.id);
    throw error;
  }
}
