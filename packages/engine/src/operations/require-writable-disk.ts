/**
 * A trial of the disk, for operations that stop a plugin before they write: where nothing can be written, a stopped plugin could not
 * be started again, because its log could not be opened.
 */
import type { PluginStore } from '../store/plugin-store.ts';

/**
 * Write the record of a plugin once more, as it is.
 * @throws {OutboardError} system where the disk takes no changes
 */
export async function requireWritableDisk(store: PluginStore, id: string): Promise<void> {
  await store.save(store.find(id));
}
