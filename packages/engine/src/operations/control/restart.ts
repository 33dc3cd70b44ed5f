/**
 * Restart: stop a plugin that should run, and start it with its failures forgotten.
 */

import type { Cancellable } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { refuseInUseNow } from '../../references/refuse-in-use.ts';
import { hasProcess } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';
import { shortenStops, stopOptions } from '../forced-stop.ts';
import { requireWritableDisk } from '../require-writable-disk.ts';
import type { ForceOptions } from './disable.ts';

type RestartContext = Pick<
  EngineContext,
  'store' | 'queue' | 'supervisor' | 'references' | 'gates' | 'collectors'
>;

/** By force, or when the plugin does not run, calls that are in flight are cut off soon. */
const forcedDrain = { callsMs: 1_000, streamsMs: 1_000 };

/**
 * Restart an enabled plugin in any state, also one that has failed or backs off. It stays enabled when it does not
 * start; its restart policy decides about further attempts.
 * @param options.force references to the plugin stay
 * @throws {OutboardError} not-found; conflict when it is disabled, or runs and is in use (code `in-use`); system when
 *   the first attempt fails, with exit code and last log lines
 */
export async function restartPlugin(
  context: RestartContext,
  plugin: string,
  options: ForceOptions & Cancellable = {},
): Promise<void> {
  const { force = false, signal } = options;
  const { supervisor } = context;
  const { id } = context.store.find(plugin);
  using _shortened = shortenStops(supervisor, id, force);
  const restart = async () => {
    const record = context.store.find(id);
    if (!record.enabled) {
      throw new OutboardError(
        'conflict',
        `plugin ${record.name} is disabled: start it with outboard enable ${record.name}`,
      );
    }
    const isRunning = hasProcess(supervisor.state(id));
    // Users of a plugin that does not run lose nothing.
    if (!force && isRunning) await refuseInUseNow(record, context.references);
    // Its start opens its log.
    if (isRunning) await requireWritableDisk(context.store, id);
    await context.collectors?.stop(id);
    // Calls that come meanwhile wait until the plugin runs again.
    using _drain = await context.gates.drain(id, { signal, ...(force || !isRunning ? forcedDrain : {}) });
    const { timeoutSeconds } = record;
    await supervisor.restart(record, {
      ...stopOptions(record, force),
      timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : undefined,
      signal,
    });
  };
  await context.queue.run(id, restart, signal);
}
