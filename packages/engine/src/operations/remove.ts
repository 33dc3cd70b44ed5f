/**
 * Remove: delete a plugin, and the content that only it used.
 */
import { OutboardError } from '@outboard/oci';
import { refuseInUse } from '../uses/refuse-in-use.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { EngineContext } from './engine-context.ts';
import { hastenStops, stopOptions } from './forced-stop.ts';

type RemoveContext = Pick<
  EngineContext,
  'store' | 'content' | 'queue' | 'supervisor' | 'announce' | 'uses' | 'drivers' | 'collectors'
>;

/**
 * @param options.force also while it is in use, and stop it first if it is enabled, within 10 s
 * @throws {OutboardError} not-found; without `force` conflict when it is in use (code `in-use`) or enabled
 */
export async function removePlugin(
  context: RemoveContext,
  plugin: string,
  options: { readonly force?: boolean },
): Promise<void> {
  const { force = false } = options;
  const { id } = context.store.find(plugin);
  using _hurry = hastenStops(context.supervisor, id, force);
  await context.queue.run(id, async () => {
    const record = context.store.find(id);
    if (!force) {
      refuseInUse(record, context.uses);
      if (record.enabled) throw new OutboardError('conflict', `plugin ${record.name} is enabled`);
    }
    await context.collectors?.stop(id);
    await context.supervisor.stop(id, stopOptions(record, force));
    const deleteDirectory = await context.store.remove(id);
    context.uses.forget(id);
    if (record.enabled) await context.drivers.changes.disabled(record);
    context.announce({ type: 'plugin', action: 'remove', id, attributes: { name: record.name } });
    await Promise.all([deleteDirectory(), collectGarbage(context)]);
  });
}
