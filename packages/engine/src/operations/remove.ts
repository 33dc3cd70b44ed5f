/**
 * Remove: delete a plugin, and the content that only it used.
 */
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { refuseInUse } from '../uses/refuse-in-use.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { EngineContext } from './engine-context.ts';

type RemoveContext = Pick<
  EngineContext,
  'store' | 'content' | 'queue' | 'supervisor' | 'announce' | 'uses' | 'drivers' | 'collectors'
>;

/**
 * @param options.force also while it is in use, and stop it first if it is enabled
 * @throws {OutboardError} not-found; without `force` conflict when it is in use (code `in-use`) or enabled
 */
export async function removePlugin(
  context: RemoveContext,
  plugin: string,
  options: { readonly force?: boolean },
): Promise<void> {
  const { id } = context.store.find(plugin);
  await context.queue.run(id, async () => {
    const record = context.store.find(id);
    if (options.force !== true) {
      refuseInUse(record, context.uses);
      if (record.enabled) throw new OutboardError('conflict', `plugin ${record.name} is enabled`);
    }
    await context.collectors?.stop(id);
    await context.supervisor.stop(id);
    try {
      await context.store.remove(id);
    } finally {
      // Also when its directory could not be deleted: it is no plugin any more.
      if (context.store.get(id) === undefined) await forget(context, record);
    }
    context.announce({ type: 'plugin', action: 'remove', id, attributes: { name: record.name } });
  });
  await collectGarbage(context);
}

async function forget(
  { uses, drivers }: Pick<RemoveContext, 'uses' | 'drivers'>,
  record: PluginRecord,
): Promise<void> {
  uses.forget(record.id);
  if (record.enabled) await drivers.changes.disabled(record);
}
