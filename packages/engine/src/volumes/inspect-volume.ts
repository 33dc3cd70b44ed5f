/**
 * Inspect a volume: what its driver tells of it now, with what was given when it was created.
 */
import { describeVolume, withPath } from './describe-volume.ts';
import { checkRecord, type LocatedVolume, searchDrivers } from './locate-volume.ts';
import type { Cancellable, VolumeContext } from './volume-context.ts';
import { asOperation, noSuchVolume } from './volume-errors.ts';
import { checkVolumeName } from './volume-name.ts';
import type { VolumeRecord } from './volume-record.ts';
import type { Volume } from './volumes.ts';

/** @see Volumes.inspect */
export async function inspectVolume(
  context: VolumeContext,
  name: string,
  options: Cancellable,
): Promise<Volume> {
  checkVolumeName(name);
  return asOperation('get', name, async () => {
    const record = context.store.get(name);
    const located =
      record === undefined
        ? await searchDrivers(context, name, options)
        : await findRecorded(context, record, options);
    if (located === undefined) throw noSuchVolume();
    const volume = await describeVolume(context, await withPath(located, name, options), name, options);
    const { status } = located.told;
    return status === undefined ? volume : { ...volume, status };
  });
}

/** A volume that its driver has no more is forgotten, as in Docker; unless it was created anew meanwhile. */
async function findRecorded(
  context: VolumeContext,
  record: VolumeRecord,
  options: Cancellable,
): Promise<LocatedVolume | undefined> {
  const located = await checkRecord(context, record, options);
  if (located !== undefined) return located;
  await context.queue.run(
    record.name,
    async () => {
      if (context.store.get(record.name) === record) await context.store.remove(record.name);
    },
    options.signal,
  );
  return undefined;
}
