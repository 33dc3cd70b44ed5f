/**
 * Disable: remember that a plugin should not run, then stop it.
 */
import { OutboardError } from '@outboard/oci';
import type { EngineContext } from './engine-context.ts';

/**
 * Stop a plugin: SIGTERM, after 10 s SIGKILL. The record is saved first, so that a crash in between leaves a plugin
 * that recovery stops, not one that comes back.
 * @throws {OutboardError} not-found; conflict when it is not enabled
 */
export async function disablePlugin(
  context: Pick<EngineContext, 'store' | 'queue' | 'supervisor' | 'announce'>,
  plugin: string,
): Promise<void> {
  const { id } = context.store.find(plugin);
  await context.queue.run(id, async () => {
    const record = context.store.find(id);
    if (!record.enabled) {
      throw new OutboardError(
        'conflict',
        `plugin is already disabled: plugin ${record.name} found but disabled`,
      );
    }
    await context.store.save({ ...record, enabled: false });
    await context.supervisor.stop(id);
    context.announce({ type: 'plugin', action: 'disable', id, attributes: { name: record.name } });
  });
}
