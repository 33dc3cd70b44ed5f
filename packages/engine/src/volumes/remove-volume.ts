/**
 * Remove a volume through its driver, and delete its record.
 * @see moby volume/service/service.go and store.go (28.x), Remove
 */
import type { Cancellable } from '@outboard/async';
import { isOutboardError, OutboardError } from '@outboard/oci';
import { showReference } from '../references/show-reference.ts';
import { checkRecord, type LocatedVolume, searchOnly } from './locate-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import { asOperation, noSuchVolume, volumeError } from './volume-errors.ts';
import { checkVolumeName } from './volume-name.ts';
import type { VolumeRecord } from './volume-record.ts';
import { mountReferences } from './volume-references.ts';
import type { RemoveByOptions } from './volumes.ts';

/** Options of `removeVolume()`. */
export interface RemoveVolumeOptions extends Cancellable {
  readonly force?: boolean | undefined;
  /** Remove the volume only if this is still its record. */
  readonly chosen?: VolumeRecord | undefined;
}

/**
 * @see Volumes.remove
 * @returns false if there was nothing to remove
 */
export async function removeVolume(
  context: VolumeContext,
  name: string,
  options: RemoveVolumeOptions,
): Promise<boolean> {
  checkVolumeName(name);
  return context.queue.run(name, () => removeInTurn(context, name, options), options.signal);
}

/** @see Volumes.removeBy */
export async function removeBy<Result>(
  context: VolumeContext,
  name: string,
  { driver, signal }: RemoveByOptions,
  call: (signal: AbortSignal | undefined) => Promise<Result>,
): Promise<Result> {
  const removeUnlessHeld = async () => {
    await asOperation('remove', name, async () => refuseMounted(context, driver, name));
    const result = await call(signal);
    await context.mounts.forget(driver, name);
    return result;
  };
  return context.queue.run(name, removeUnlessHeld, signal);
}

async function removeInTurn(
  context: VolumeContext,
  name: string,
  options: RemoveVolumeOptions,
): Promise<boolean> {
  const { force = false, chosen } = options;
  const record = context.store.get(name);
  if (chosen !== undefined && record !== chosen) return false;
  const located = await asOperation('get', name, () => locate(context, { name, record, force }, options));
  const driver = located === 'gone' ? record?.driver : located.driver.plugin.name;
  if (driver === undefined) {
    if (force) return false;
    throw volumeError('get', name, noSuchVolume());
  }
  await asOperation('remove', name, async () => {
    refuseMounted(context, driver, name);
    // Docker forgets a volume that its driver lost as well, but answers that there is none.
    if (located === 'gone') await forget(context, driver, name);
    else await removeLocated(context, name, { ...located, force }, options);
  });
  context.announce({ type: 'volume', action: 'destroy', id: name, attributes: { driver } });
  return true;
}

async function locate(
  context: VolumeContext,
  wanted: { readonly name: string; readonly record: VolumeRecord | undefined; readonly force: boolean },
  options: Cancellable,
): Promise<LocatedVolume | 'gone'> {
  const { name, record, force } = wanted;
  if (record === undefined) return (await searchOnly(context, name, options)) ?? 'gone';
  try {
    return (await checkRecord(context, record, options)) ?? 'gone';
  } catch (error) {
    // In Docker a volume whose plugin was removed by force can never be removed, because its driver is gone.
    if (force && isOutboardError(error, 'not-found')) return 'gone';
    throw error;
  }
}

/** @throws {OutboardError} conflict, code `in-use`: Docker's text, and after it whom the IDs belong to */
function refuseMounted({ mounts, clock }: VolumeContext, driver: string, name: string): void {
  const ids = mounts.idsOf(driver, name);
  if (ids.length === 0) return;
  const held = mounts.held(driver).filter(({ volume }) => volume === name);
  const users = held.flatMap((volume) => mountReferences(volume, clock.now())).map(showReference);
  throw new OutboardError('conflict', `volume is in use - [${ids.join(', ')}]: ${users.join(', ')}`, {
    code: 'in-use',
  });
}

async function removeLocated(
  context: VolumeContext,
  name: string,
  { driver, record, force }: LocatedVolume & { readonly force: boolean },
  options: Cancellable,
): Promise<void> {
  try {
    await driver.calls.remove(name, options);
  } catch (error) {
    // As in Docker, force deletes the record and releases the plugin, and the caller still gets the driver's error.
    if (force && record !== undefined) await context.store.remove(name);
    throw error;
  }
  await forget(context, driver.plugin.name, name);
}

async function forget({ store, mounts }: VolumeContext, driver: string, name: string): Promise<void> {
  if (store.get(name) !== undefined) await store.remove(name);
  await mounts.forget(driver, name);
}
