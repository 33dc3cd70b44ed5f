/**
 * Inspect a volume: the driver's current answer, with the labels and options of its creation.
 */
import type { Cancellable } from '@outboard/async';
import { describeVolume, withPath } from './describe-volume.ts';
import { checkRecord, type LocatedVolume, searchDrivers } from './locate-volume.ts';
import type { VolumeContext } from './volume-context.ts';
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
    const { status } = located.answer;
    return status === undefined ? volume : { ...volume, status };
  });
}

/** Locate a recorded volume. As in Docker, a record whose driver no longer has the volume is removed, unless it was replaced meanwhile. */
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
