/**
 * Set: change a plugin's settings, all of them or none.
 */
import { OutboardError } from '@outboard/oci';
import { applySettings } from '../../config/settings.ts';
import type { EngineContext } from '../engine-context.ts';

/**
 * Change settings of a disabled plugin. Its config is never changed.
 * @param args each `<name>[.<field>][=<value>]`
 * @throws {OutboardError} not-found; conflict when the plugin is enabled; invalid when one of the args is refused
 */
export async function setPlugin(
  context: Pick<EngineContext, 'store' | 'queue'>,
  plugin: string,
  args: readonly string[],
): Promise<void> {
  const { id } = context.store.find(plugin);
  await context.queue.run(id, async () => {
    const record = context.store.find(id);
    if (record.enabled) {
      throw new OutboardError('conflict', 'cannot set on an active plugin, disable plugin before setting');
    }
    await context.store.save({ ...record, settings: applySettings(record.config, record.settings, args) });
  });
}
