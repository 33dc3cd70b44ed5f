/**
 * The VolumeDriver protocol over an author's driver: decodes requests, serializes calls for each volume, encodes answers.
 * @see https://docs.docker.com/engine/extend/plugins_volume/
 */
import { readFile } from 'node:fs/promises';
import { messageOf, PluginError } from '../plugin-error.ts';
import { SerialQueue } from '../state/serial-queue.ts';
import {
  type CallContext,
  type CallHandler,
  type Capability,
  type CapabilityDeps,
  type ServedCalls,
  servedCalls,
} from '../wire/call.ts';
import { requiredTextField, textField, textMapField } from '../wire/message.ts';
import { MountJournal } from './mount-journal.ts';
import type { Volume, VolumeDriver } from './volume-driver.ts';
import { VolumeMounts } from './volume-mounts.ts';

/** State shared by all handlers. */
interface VolumeService {
  readonly driver: VolumeDriver;
  readonly queue: SerialQueue;
  readonly mounts: VolumeMounts;
  /** Volumes that are being mounted again after a start of the plugin. */
  readonly restores: Map<string, Promise<void>>;
}

/** Serve a volume driver. @throws {PluginError} if the mount journal is damaged */
export async function openVolumeCapability(driver: VolumeDriver, deps: CapabilityDeps): Promise<Capability> {
  const journal = await MountJournal.open(deps.statePath('mounts.json'), await readBootId());
  const service = {
    driver,
    queue: new SerialQueue(),
    mounts: new VolumeMounts(driver, journal),
    restores: new Map(),
  };
  const ending = new AbortController();
  return {
    calls: volumeCalls(service),
    start() {
      restoreMounts(service, ending.signal, deps.log);
    },
    async stop() {
      ending.abort();
      await service.queue.idle();
    },
  };
}

/** Without /proc all boots have the same ID, so counts are kept, which never unmounts a volume in use. */
async function readBootId(): Promise<string> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => 'unknown',
  );
}

/** Calls for a volume wait until it is restored. A failed restore is retried by the next `Mount`. */
function restoreMounts(service: VolumeService, signal: AbortSignal, log: (message: string) => void): void {
  for (const name of service.mounts.journaledVolumes()) {
    const restore = service.queue
      .run(name, () => service.mounts.restore(name, { signal }))
      .catch((error: unknown) => log(`cannot mount volume "${name}" again: ${messageOf(error)}`))
      .then(() => void service.restores.delete(name));
    service.restores.set(name, restore);
  }
}

function volumeCalls(service: VolumeService): ServedCalls {
  const { driver, queue, mounts } = service;
  const handlers: Record<string, CallHandler> = {
    async Capabilities() {
      return { Capabilities: { Scope: driver.scope ?? 'local' } };
    },
    async Create(message, context) {
      const name = requiredTextField(message, 'Name');
      const options = textMapField(message, 'Opts');
      return queue.run(name, async () => {
        // Engines call Create after any failure of Get, also for volumes that exist.
        if ((await driver.get(name, context)) === undefined) await driver.create({ name, options }, context);
        return {};
      });
    },
    async Remove(message, context) {
      const name = requiredTextField(message, 'Name');
      return queue.run(name, async () => {
        if (mounts.isMounted(name)) throw new PluginError(`cannot remove volume "${name}": it is mounted`);
        await findVolume(driver, name, context);
        await driver.remove(name, context);
        return {};
      });
    },
    async Mount(message, context) {
      const name = requiredTextField(message, 'Name');
      const id = textField(message, 'ID');
      return queue.run(name, async () => {
        await findVolume(driver, name, context);
        return { Mountpoint: await mounts.mount(name, id, context) };
      });
    },
    async Unmount(message, context) {
      const name = requiredTextField(message, 'Name');
      const id = textField(message, 'ID');
      return queue.run(name, async () => {
        await mounts.unmount(name, id, context);
        return {};
      });
    },
    async Path(message, context) {
      // The engine asks before it mounts again what is not mounted.
      await service.restores.get(requiredTextField(message, 'Name'));
      const volume = await findVolume(driver, requiredTextField(message, 'Name'), context);
      return { Mountpoint: mounts.mountpoint(volume.name) ?? volume.mountpoint ?? '' };
    },
    async Get(message, context) {
      const volume = await findVolume(driver, requiredTextField(message, 'Name'), context);
      return { Volume: toDocument(volume, mounts) };
    },
    async List(_message, context) {
      return { Volumes: (await driver.list(context)).map((volume) => toDocument(volume, mounts)) };
    },
  };
  return servedCalls('VolumeDriver', handlers);
}

async function findVolume(driver: VolumeDriver, name: string, context: CallContext): Promise<Volume> {
  const volume = await driver.get(name, context);
  if (volume === undefined) throw new PluginError(`volume "${name}" does not exist`);
  return volume;
}

/** Undefined fields are left out of the JSON: an empty `CreatedAt` would make the engine reject a whole `List`. */
function toDocument(volume: Volume, mounts: VolumeMounts): object {
  return {
    Name: volume.name,
    Mountpoint: mounts.mountpoint(volume.name) ?? volume.mountpoint,
    CreatedAt: volume.createdAt?.toISOString(),
    Status: volume.status,
  };
}
