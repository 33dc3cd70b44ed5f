/**
 * Finds records of volumes that were damaged on disk while the engine runs.
 */
import { mapBounded } from '@outboard/async';
import type { DamagedFile } from '../store/damaged-file.ts';
import type { VolumeContext } from './volume-context.ts';

/** Read the record of every volume. Each damaged one can be written again, in the queue of its volume. */
export async function findDamagedRecords({
  store,
  queue,
}: Pick<VolumeContext, 'store' | 'queue'>): Promise<readonly DamagedFile[]> {
  const found = await mapBounded(store.all(), async (record): Promise<DamagedFile | undefined> => {
    if ((await store.inspect(record)) === undefined) return undefined;
    // Once more in the queue of the volume: it may just be removed.
    const damage = await queue.run(record.name, async () =>
      store.get(record.name) === record ? await store.inspect(record) : undefined,
    );
    if (damage === undefined) return undefined;
    const rewrite = () =>
      queue.run(record.name, async () => {
        // Removed or created anew meanwhile.
        if (store.get(record.name) === record) await store.put(record);
      });
    return { ...damage, rewrite };
  });
  return found.filter((damaged) => damaged !== undefined);
}
