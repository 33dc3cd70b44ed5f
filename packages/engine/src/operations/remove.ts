/**
 * Remove: delete a plugin, and the content that only it used.
 */
import { OutboardError } from '@outboard/oci';
import { collectGarbage } from './collect-garbage.ts';
import type { EngineContext } from './engine-context.ts';

/**
 * @param options.force stop the plugin first if it is enabled
 * @throws {OutboardError} not-found; conflict when it is enabled and `force` is not given
 */
export async function removePlugin(
  context: Pick<EngineContext, 'store' | 'content' | 'queue' | 'supervisor' | 'announce'>,
  plugin: string,
  options: { readonly force?: boolean },
): Promise<void> {
  const { id } = context.store.find(plugin);
  await context.queue.run(id, async () => {
    const record = context.store.find(id);
    if (record.enabled && options.force !== true) {
      throw new OutboardError('conflict', `plugin ${record.name} is enabled`);
    }
    await context.supervisor.stop(id);
    await context.store.remove(id);
    context.announce({ type: 'plugin', action: 'remove', id, attributes: { name: record.name } });
  });
  await collectGarbage(context);
}
