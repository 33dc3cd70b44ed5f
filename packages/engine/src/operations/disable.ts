/**
 * Disable: remember that a plugin should not run, then stop it.
 */
import { OutboardError } from '@outboard/oci';
import { refuseInUse } from '../uses/refuse-in-use.ts';
import { bestEffort, stopForGood } from './best-effort.ts';
import type { EngineContext } from './engine-context.ts';
import { hastenStops, stopOptions } from './forced-stop.ts';

/**
 * Stop a plugin: SIGTERM, after 10 s SIGKILL. The record is saved first, so that a crash in between leaves a plugin
 * that recovery stops, not one that comes back.
 * @param options.force also while it is in use; whoever uses it is still recorded afterwards
 * @throws {OutboardError} not-found; conflict when it is in use (code `in-use`) or not enabled
 */
export async function disablePlugin(
  context: Pick<
    EngineContext,
    | ('store' | 'queue' | 'supervisor' | 'announce' | 'uses' | 'drivers' | 'collectors')
    | ('logger' | 'inBackground')
  >,
  plugin: string,
  options: { readonly force?: boolean } = {},
): Promise<void> {
  const { force = false } = options;
  const { id } = context.store.find(plugin);
  using _hurry = hastenStops(context.supervisor, id, force);
  await context.queue.run(id, async () => {
    const record = context.store.find(id);
    if (!force) refuseInUse(record, context.uses);
    // One that could not be stopped is disabled, and may be told again to end.
    if (!record.enabled && context.supervisor.state(id).status === 'disabled') {
      throw new OutboardError(
        'conflict',
        `plugin is already disabled: plugin ${record.name} found but disabled`,
      );
    }
    await context.store.save({ ...record, enabled: false });
    // It is disabled from here on, as Docker's is: what cannot be stopped now is stopped in the background.
    await context.collectors?.stop(id);
    await stopForGood(context, id, stopOptions(record, force));
    await bestEffort(context, 'close the connections to a disabled plugin', () =>
      context.drivers.changes.disabled(record),
    );
    context.announce({ type: 'plugin', action: 'disable', id, attributes: { name: record.name } });
  });
}
