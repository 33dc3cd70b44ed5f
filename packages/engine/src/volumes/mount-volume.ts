/**
 * Mount and unmount a volume for a holder on this host.
 * @see VolumeDriver 1.0, Mount and Unmount: drivers count by volume and ID
 */
import type { Cancellable } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import { type CallableDriver, checkRecord, findDriver, searchOnly } from './locate-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import { asOperation, noSuchVolume } from './volume-errors.ts';
import { checkGivenMountId, checkMountId, checkVolumeName } from './volume-name.ts';
import type { MountVolumeOptions, UnmountVolumeOptions } from './volumes.ts';

/** @see Volumes.mount */
export async function mountVolume(
  context: VolumeContext,
  name: string,
  id: string,
  options: MountVolumeOptions,
): Promise<string> {
  const { driver, consumer, signal, timeoutMs } = options;
  // A holder by hand is shown, and typed again.
  checkHolder(name, id, consumer?.isByHand === true ? undefined : driver);
  const mountInTurn = async () => {
    const found =
      driver === undefined
        ? await findVolume(context, name, { signal })
        : await findDriver(context, driver, { signal });
    const path = await context.mounts.mount(found, { volume: name, id, consumer }, { signal, timeoutMs });
    announce(context, 'mount', { name, driver: found.plugin.name });
    return path;
  };
  return asOperation('mount', name, () => context.queue.run(name, mountInTurn, signal));
}

/** The driver that has the volume. */
async function findVolume(
  context: VolumeContext,
  name: string,
  options: Cancellable,
): Promise<CallableDriver> {
  const record = context.store.get(name);
  const located =
    record === undefined
      ? await searchOnly(context, name, options)
      : await checkRecord(context, record, options);
  if (located === undefined) throw noSuchVolume();
  return located.driver;
}

/** @see Volumes.unmount */
export async function unmountVolume(
  context: VolumeContext,
  name: string,
  id: string,
  options: UnmountVolumeOptions,
): Promise<void> {
  const { signal, timeoutMs } = options;
  checkHolder(name, id, options.driver);
  const unmountInTurn = async () => {
    const driver = await findMountingDriver(context, name, options);
    if (driver === undefined) return;
    const find = () => findIfEnabled(context, driver, { signal });
    const isDone = await context.mounts.unmount({ driver, volume: name, id }, find, {
      signal,
      timeoutMs,
    });
    if (isDone) announce(context, 'unmount', { name, driver });
  };
  return asOperation('unmount', name, () => context.queue.run(name, unmountInTurn, signal));
}

/**
 * The full name of the driver that mounted the volume; it may no longer have the volume, or no longer exist.
 * @returns undefined when nobody holds the volume, whose driver need not answer then
 */
async function findMountingDriver(
  context: VolumeContext,
  name: string,
  { driver, signal }: UnmountVolumeOptions,
): Promise<string | undefined> {
  const mounting = context.mounts.driversOf(name);
  const recorded = driver ?? context.store.get(name)?.driver;
  if (recorded === undefined) {
    const [only] = mounting;
    if (only !== undefined && mounting.length === 1) return only;
    const located = await searchOnly(context, name, { signal });
    if (located === undefined) throw noSuchVolume();
    return located.driver.plugin.name;
  }
  if (mounting.length === 0) return undefined;
  // A driver of a request may be named by its ID.
  if (mounting.includes(recorded)) return recorded;
  return (await findDriver(context, recorded, { signal })).plugin.name;
}

/** @returns undefined for a driver that was removed or disabled, which has unmounted everything */
export async function findIfEnabled(
  context: VolumeContext,
  driver: string,
  options: Cancellable,
): Promise<CallableDriver | undefined> {
  try {
    return await findDriver(context, driver, options);
  } catch (error) {
    if (isOutboardError(error, 'not-found') || isOutboardError(error, 'conflict')) return undefined;
    throw error;
  }
}

/** IDs of consumers of a driver's socket may have any form. */
function checkHolder(name: string, id: string, driver: string | undefined): void {
  checkVolumeName(name);
  if (driver === undefined) checkMountId(id);
  else checkGivenMountId(id);
}

function announce(
  context: VolumeContext,
  action: 'mount' | 'unmount',
  { name, driver }: { readonly name: string; readonly driver: string },
): void {
  context.announce({ type: 'volume', action, id: name, attributes: { driver } });
}
