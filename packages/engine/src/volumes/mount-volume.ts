/**
 * Mount and unmount a volume for a holder on this host.
 * @see VolumeDriver 1.0, Mount and Unmount: drivers count by volume and ID
 */
import type { Cancellable } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { type CallableDriver, checkRecord, findDriver, searchOnly } from './locate-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import { asOperation, noSuchVolume } from './volume-errors.ts';
import type { VolumeMount } from './volume-mounts.ts';
import { checkMountId, checkVolumeName } from './volume-name.ts';

/** @see Volumes.mount */
export async function mountVolume(
  context: VolumeContext,
  name: string,
  id: string,
  options: Cancellable,
): Promise<string> {
  checkVolumeName(name);
  checkMountId(id);
  const mountInTurn = async () => {
    const record = context.store.get(name);
    const located =
      record === undefined
        ? await searchOnly(context, name, options)
        : await checkRecord(context, record, options);
    if (located === undefined) throw noSuchVolume();
    return mountWith(context, located.driver, { name, id }, options);
  };
  return asOperation('mount', name, () => context.queue.run(name, mountInTurn, options.signal));
}

async function mountWith(
  context: VolumeContext,
  { plugin, calls }: CallableDriver,
  { name, id }: { readonly name: string; readonly id: string },
  options: Cancellable,
): Promise<string> {
  const mount: VolumeMount = { driver: plugin.name, volume: name, id };
  await context.mounts.add(mount);
  try {
    const path = await mountedPath(context, { plugin, calls }, mount, options);
    context.announce({ type: 'volume', action: 'mount', id: name, attributes: { driver: plugin.name } });
    return path;
  } catch (error) {
    await context.mounts.remove(mount).catch((second: unknown) => {
      context.logger.error(
        { err: second, volume: name, id },
        'cannot release the plugin after a failed mount',
      );
    });
    throw error;
  }
}

/** Mount, and resolve the path on the host. A mount without a usable path is undone. */
async function mountedPath(
  context: VolumeContext,
  { plugin, calls }: CallableDriver,
  { volume, id }: VolumeMount,
  options: Cancellable,
): Promise<string> {
  const path = await calls.mount(volume, id, options);
  try {
    const hostPath = await plugin.toHostPath(path === '' ? await calls.path(volume, options) : path, options);
    if (hostPath !== '') return hostPath;
    throw new OutboardError('system', 'the driver does not report where it mounted the volume');
  } catch (error) {
    await calls.unmount(volume, id, options).catch((second: unknown) => {
      // The caller gets the first error. The mount stays in the plugin until the plugin restarts.
      context.logger.error({ err: second, volume, id }, 'cannot undo a mount');
    });
    throw error;
  }
}

/** @see Volumes.unmount */
export async function unmountVolume(
  context: VolumeContext,
  name: string,
  id: string,
  options: Cancellable,
): Promise<void> {
  checkVolumeName(name);
  checkMountId(id);
  const unmountInTurn = async () => {
    const { plugin, calls } = await findMountingDriver(context, name, options);
    await calls.unmount(name, id, options);
    await context.mounts.remove({ driver: plugin.name, volume: name, id });
    context.announce({ type: 'volume', action: 'unmount', id: name, attributes: { driver: plugin.name } });
  };
  return asOperation('unmount', name, () => context.queue.run(name, unmountInTurn, options.signal));
}

/** The recorded driver, even if it no longer has the volume: the mount may still exist. */
async function findMountingDriver(
  context: VolumeContext,
  name: string,
  options: Cancellable,
): Promise<CallableDriver> {
  const record = context.store.get(name);
  if (record !== undefined) return findDriver(context, record.driver, options);
  const located = await searchOnly(context, name, options);
  if (located === undefined) throw noSuchVolume();
  return located.driver;
}
