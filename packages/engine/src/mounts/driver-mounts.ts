/**
 * The mounts of held volumes at their drivers: made, checked, made anew and undone. Nothing is counted here.
 */
import type { Cancellable } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import {
  checkMount,
  type EstablishDeps,
  type EstablishedMount,
  establishMount,
  isLost,
  type WantedMount,
} from './establish-mount.ts';
import { type HeldVolume, withoutCall } from './held-volume.ts';
import type { MountCheck } from './mount-check.ts';
import type { MountingDriver, RemountOptions } from './mount-ledger.ts';

/** Parts of mounts at drivers. */
export interface DriverMountsDeps extends EstablishDeps {
  readonly check: MountCheck;
}

/** Calls drivers for held volumes. */
export class DriverMounts {
  readonly #deps: DriverMountsDeps;

  constructor(deps: DriverMountsDeps) {
    this.#deps = deps;
  }

  /**
   * The mount of a held volume after the start of a plugin, made anew if it is lost.
   * @throws as `establishMount`
   */
  async restored(
    driver: MountingDriver,
    held: HeldVolume,
    options: RemountOptions,
  ): Promise<EstablishedMount> {
    try {
      return await this.#check(driver, held, options);
    } catch (error) {
      const [call, ...others] = held.calls;
      if (!options.mayCall || !isLost(error) || call === undefined) throw error;
      const own = await this.#restoredByDriver(driver, held, options);
      if (own !== undefined) return own;
      await this.#createForgotten(driver, held, options);
      const wanted = { id: call.id, isKnown: this.#isOfProcess(driver, held) };
      const mount = await this.#replace(driver, held, wanted, options);
      // A driver that counts by itself gets all its calls again.
      const again = [{ ...call, count: call.count - 1 }, ...others];
      for (const { id, count } of again) {
        for (let made = 0; made < count; made += 1) await driver.calls.mount(held.volume, id, options);
      }
      return mount;
    }
  }

  /**
   * The mount that the driver has made anew by itself. A driver that does so after its start, as those of the SDK do, answers
   * a question about the volume once it has; another `Mount` would be one more in its count, which nobody would undo.
   */
  async #restoredByDriver(
    driver: MountingDriver,
    held: HeldVolume,
    options: Cancellable,
  ): Promise<EstablishedMount | undefined> {
    try {
      await driver.calls.path(held.volume, options);
      return await this.#check(driver, held, options);
    } catch {
      // It has not, for whatever reason, unless the caller left.
      options.signal?.throwIfAborted();
      return undefined;
    }
  }

  /** Some drivers keep their volumes in memory. */
  async #createForgotten(driver: MountingDriver, held: HeldVolume, options: RemountOptions): Promise<void> {
    const created = options.optionsOf?.(held.volume);
    if (created === undefined || (await hasVolume(driver.calls, held.volume, options))) return;
    this.#deps.logger.warn(
      { volume: held.volume },
      'a driver has forgotten a held volume: it is created again',
    );
    await driver.calls.create(held.volume, created, options);
  }

  /** Make a mount. @throws as `establishMount` */
  establish(
    driver: MountingDriver,
    held: HeldVolume,
    call: Pick<WantedMount, 'id' | 'isKnown'>,
    options: Cancellable,
  ): Promise<EstablishedMount> {
    const wanted = { volume: held.volume, ...call, wasMount: held.fileSystem !== '' };
    return establishMount(driver, wanted, this.#deps, options);
  }

  async #check(driver: MountingDriver, held: HeldVolume, options: Cancellable): Promise<EstablishedMount> {
    const mountpoint = held.mountpoint || (await driver.calls.path(held.volume, options));
    const wasMount = held.fileSystem !== '';
    const mount = await checkMount(driver, { ...held, mountpoint, wasMount }, this.#deps, options);
    if (mount.device === held.device) return { ...mount, pid: held.pid };
    // The driver has mounted again by itself.
    await this.#deps.check.revive(driver.plugin, mount.hostPath);
    return mount;
  }

  /** Make a mount anew, and put it over the dead one for those that hold that. */
  async #replace(
    driver: MountingDriver,
    held: HeldVolume,
    call: Pick<WantedMount, 'id' | 'isKnown'>,
    options: Cancellable,
  ): Promise<EstablishedMount> {
    await this.#deps.check.bury(driver.plugin, held);
    const mount = await this.establish(driver, held, call, options);
    await this.#deps.check.revive(driver.plugin, mount.hostPath);
    return mount;
  }

  /** True if the process of the plugin that mounted a volume still runs. */
  #isOfProcess({ plugin }: MountingDriver, { pid }: HeldVolume): boolean {
    return pid === this.#deps.check.pidOf(plugin);
  }

  /** Check the mount that others hold, and repair it if it is lost. @throws as `establishMount` */
  async intact(driver: MountingDriver, held: HeldVolume, options: Cancellable): Promise<EstablishedMount> {
    try {
      return await this.#check(driver, held, options);
    } catch (error) {
      const [call] = held.calls;
      if (!isLost(error) || call === undefined) throw error;
      this.#deps.logger.warn({ err: error, volume: held.volume }, 'the mount of a held volume is lost');
      const isKnown = this.#isOfProcess(driver, held);
      return this.#replace(driver, held, { id: call.id, isKnown }, options);
    }
  }

  /**
   * Undo calls: all of them when nobody holds the volume any more, else one of each ID.
   * @returns the volume without them
   */
  async unmount(
    driver: MountingDriver,
    held: HeldVolume,
    calls: HeldVolume['calls'],
    options: Cancellable,
  ): Promise<HeldVolume> {
    const isLast = held.holders.length === 0;
    if (isLast) await this.#deps.check.expose(driver.plugin, held.hostPath);
    let left = held;
    for (const { id, count } of calls) {
      for (let call = 0; call < (isLast ? count : 1); call += 1) {
        await this.#unmountOnce(driver, held, id, options);
        left = withoutCall(left, id);
      }
    }
    // A process that did not mount it may have forgotten it.
    if (isLast && held.device !== '' && !this.#isOfProcess(driver, held)) await this.#deps.check.detach(held);
    return left;
  }

  /** A driver that has lost the mount may refuse; the holder can leave all the same. */
  async #unmountOnce(
    { calls }: MountingDriver,
    held: HeldVolume,
    id: string,
    options: Cancellable,
  ): Promise<void> {
    try {
      await calls.unmount(held.volume, id, options);
    } catch (error) {
      const isRefused = isOutboardError(error) && error.code === 'plugin-error';
      if (!isRefused || held.device === '' || (await this.#deps.check.isMounted(held))) throw error;
      this.#deps.logger.warn(
        { err: error, volume: held.volume, id },
        'an unmount failed: nothing is mounted',
      );
    }
  }
}

/** Many drivers answer a missing volume with an error like any other; their list decides then. */
async function hasVolume(
  calls: Pick<MountingDriver['calls'], 'get' | 'list'>,
  volume: string,
  options: Cancellable,
): Promise<boolean> {
  try {
    return (await calls.get(volume, options)) !== undefined;
  } catch (error) {
    if (!isOutboardError(error) || error.code !== 'plugin-error') throw error;
    return (await calls.list(options)).some(({ name }) => name === volume);
  }
}
