/**
 * Restart: stop a plugin that should run, and start it with a clean slate.
 */
import { OutboardError } from '@outboard/oci';
import { hasProcess } from '../supervise/supervisor.ts';
import { refuseInUse } from '../uses/refuse-in-use.ts';
import type { EngineContext } from './engine-context.ts';
import { hastenStops, stopOptions } from './forced-stop.ts';

/**
 * Restart an enabled plugin, whatever it does now: also one that has failed or waits for its next try. It stays enabled
 * when it does not start, and is tried again as its restart policy says.
 * @param options.force also while it runs and is in use; whoever uses it is still recorded afterwards
 * @throws {OutboardError} not-found; conflict when it is disabled, or runs and is in use (code `in-use`); system when
 *   the first try fails, with exit code and last log lines
 */
export async function restartPlugin(
  context: Pick<EngineContext, 'store' | 'queue' | 'supervisor' | 'uses' | 'collectors'>,
  plugin: string,
  options: { readonly force?: boolean; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { force = false, signal } = options;
  const { supervisor } = context;
  const { id } = context.store.find(plugin);
  using _hurry = hastenStops(supervisor, id, force);
  const restart = async () => {
    const record = context.store.find(id);
    if (!record.enabled) {
      throw new OutboardError('conflict', `plugin ${record.name} is disabled: enable it to start it`);
    }
    // One that does not run does not get worse.
    if (!force && hasProcess(supervisor.state(id))) refuseInUse(record, context.uses);
    await context.collectors?.stop(id);
    const { timeoutSeconds } = record;
    await supervisor.restart(record, {
      ...stopOptions(record, force),
      ...(timeoutSeconds > 0 && { timeoutMs: timeoutSeconds * 1000 }),
      ...(signal !== undefined && { signal }),
    });
  };
  await context.queue.run(id, restart, signal);
}
