/**
 * A trial of the disk, for operations that stop a plugin before they write: where nothing can be changed, a stopped plugin could not
 * be started again, because its log could not be opened.
 */
import { isOutboardError } from '@outboard/oci';
import type { PluginStore } from '../store/plugin-store.ts';

/**
 * Write the record of a plugin once more, as it is. A full disk passes: a removal frees it, and a start needs no room.
 * @throws {OutboardError} system where the disk takes no changes
 */
export async function requireWritableDisk(store: PluginStore, id: string): Promise<void> {
  try {
    await store.save(store.find(id));
  } catch (error) {
    if (!isOutboardError(error, 'system') || error.code !== 'no-space') throw error;
  }
}
