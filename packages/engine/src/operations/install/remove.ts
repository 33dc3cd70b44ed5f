/**
 * Remove: delete a plugin, and the content that only it used.
 */
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { refuseInUseNow } from '../../references/refuse-in-use.ts';
import { type DamagedPlugin, refuseDamaged, shownName } from '../../store/damaged-plugin.ts';
import { bestEffort } from '../best-effort.ts';
import { collectContentOf, collectGarbage } from '../content/collect-garbage.ts';
import type { ForceOptions } from '../control/disable.ts';
import type { EngineContext } from '../engine-context.ts';
import { shortenStops, stopOptions } from '../forced-stop.ts';
import { requireWritableDisk } from '../require-writable-disk.ts';

type RemoveContext = Pick<
  EngineContext,
  | 'store'
  | 'content'
  | 'queue'
  | 'supervisor'
  | 'announce'
  | 'references'
  | 'drivers'
  | 'collectors'
  | 'logger'
>;

/**
 * Remove a plugin.
 * @param options.force also while it is enabled: it is stopped first, within 10 s
 * @throws {OutboardError} not-found; without `force` conflict when it is in use (code `in-use`) or enabled
 */
export async function removePlugin(
  context: RemoveContext,
  plugin: string,
  options: ForceOptions = {},
): Promise<void> {
  const { force = false } = options;
  const damaged = context.store.findDamaged(plugin);
  if (damaged !== undefined) {
    if (!force) refuseDamaged(damaged);
    return removeDamaged(context, damaged);
  }
  const { id } = context.store.find(plugin);
  using _shortened = shortenStops(context.supervisor, id, force);
  await context.queue.run(id, async () => {
    const record = context.store.find(id);
    if (!force) {
      await refuseInUseNow(record, context.references);
      if (record.enabled) throw new OutboardError('conflict', `plugin ${record.name} is enabled`);
    }
    // A plugin that could not be removed could not be started again either.
    if (record.enabled) await requireWritableDisk(context.store, id);
    const deleteDirectory = await commitRemoval(context, record, force);
    context.references.forget(id);
    if (record.enabled) {
      await bestEffort(context, 'close the connections to a removed plugin', () =>
        context.drivers.changes.disabled(record),
      );
    }
    await tidyUp(context, record, {
      deleteDirectory,
      deleteContent: () => collectContentOf(context, record),
    });
  });
}

/** Remove a damaged plugin, whose references are unknown. */
async function removeDamaged(context: RemoveContext, plugin: DamagedPlugin): Promise<void> {
  const { id } = plugin;
  await context.queue.run(id, async () => {
    if (context.store.findDamaged(id) === undefined) {
      throw new OutboardError(
        'conflict',
        `plugin ${shownName(plugin)} has been repaired or removed meanwhile`,
      );
    }
    await context.supervisor.stop(id);
    const deleteDirectory = await context.store.remove(id);
    const deleteContent = async () => void (await collectGarbage(context));
    await tidyUp(context, { id, name: shownName(plugin) }, { deleteDirectory, deleteContent });
  });
}

/** Clean up after the commit; the next start of the engine repeats what fails here. */
async function tidyUp(
  context: RemoveContext,
  { id, name }: Pick<PluginRecord, 'id' | 'name'>,
  { deleteDirectory, deleteContent }: Record<'deleteDirectory' | 'deleteContent', () => Promise<void>>,
): Promise<void> {
  context.announce({ type: 'plugin', action: 'remove', id, attributes: { name } });
  await Promise.all([
    bestEffort(context, 'delete the directory of a removed plugin', deleteDirectory),
    bestEffort(context, 'collect the content of a removed plugin', deleteContent),
  ]);
}

/** Stop the plugin, then commit the removal. If that fails, an enabled plugin is started again. */
async function commitRemoval(
  context: RemoveContext,
  record: PluginRecord,
  force: boolean,
): Promise<() => Promise<void>> {
  try {
    await context.collectors?.stop(record.id);
    await context.supervisor.stop(record.id, stopOptions(record, force));
    return await context.store.remove(record.id);
  } catch (error) {
    if (record.enabled) {
      await bestEffort(context, 'start a plugin again that could not be removed', () =>
        context.supervisor.restart(record),
      );
    }
    throw error;
  }
}
