/**
 * The ledger over the journal. Each call to a driver is noted before it is made and after it, so that a process that is
 * killed in between leaves a call whose result is unknown, never a mount that nobody remembers, nor a holder whose mount was
 * not made.
 */
import { type Cancellable, type Clock, mapBounded, rejectOnAbort, systemClock } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import {
  checkMount,
  type EstablishedMount,
  establishMount,
  isLost,
  undo,
  type WantedMount,
} from './establish-mount.ts';
import {
  factsOf,
  type HeldVolume,
  holderIds,
  isHeld,
  isRepeatedByHand,
  newHeldVolume,
  settled,
  withCall,
  withHolder,
  withoutCall,
  withoutHolder,
} from './held-volume.ts';
import type { MountCheck } from './mount-check.ts';
import type { MountJournal } from './mount-journal.ts';
import type { MountingDriver, MountLedger, MountRequest, Remounted, RemountOptions } from './mount-ledger.ts';
import { VolumeTable } from './volume-table.ts';

/** Parts of a ledger. */
export interface MountLedgerDeps {
  readonly journal: MountJournal;
  readonly check: MountCheck;
  readonly bootId: string;
  /** `each`: the driver counts by itself, and gets every call. */
  readonly mountCallsOf: (driver: string) => 'once' | 'each';
  readonly logger: Logger;
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

/** Load the volumes of this boot. No driver is called. */
export async function openMountLedger(deps: MountLedgerDeps): Promise<MountLedger> {
  return new JournaledLedger(deps, await deps.journal.load());
}

class JournaledLedger implements MountLedger {
  readonly #deps: MountLedgerDeps;
  readonly #volumes: VolumeTable;
  /** Volumes with a call that an earlier process was about to make. */
  readonly #unsettled: Set<HeldVolume>;
  /** Remounts under way, by driver; none of them rejects. */
  readonly #remounts = new Map<string, Promise<unknown>>();

  constructor(deps: MountLedgerDeps, loaded: readonly HeldVolume[]) {
    this.#deps = deps;
    this.#volumes = new VolumeTable(deps.journal, loaded);
    this.#unsettled = new Set(loaded.filter(({ pending }) => pending !== undefined));
  }

  held(driver: string): readonly HeldVolume[] {
    return this.#volumes.ofDriver(driver).filter(isHeld);
  }

  known(driver: string): readonly HeldVolume[] {
    return this.#volumes.ofDriver(driver);
  }

  idsOf(driver: string, volume: string): readonly string[] {
    const held = this.#volumes.get(driver, volume);
    return held === undefined ? [] : holderIds(held);
  }

  driversOf(volume: string): readonly string[] {
    return this.#volumes.drivers().filter((driver) => this.idsOf(driver, volume).length > 0);
  }

  async mount(
    driver: MountingDriver,
    request: Parameters<MountLedger['mount']>[1],
    options: Cancellable,
  ): Promise<string> {
    const { id, volume, consumer } = request;
    const { name } = driver.plugin;
    await this.#remounted(name, options);
    const before = await this.#settle(this.#find(name, volume), driver);
    const isCounted = this.#isEach(name) && !isRepeatedByHand(before, request);
    const isCalled = before.calls.length === 0 || isCounted;
    if (isCalled) await this.#volumes.save({ ...before, pending: { method: 'Mount', id } });
    try {
      const mount = isCalled
        ? await this.#establish(driver, before, { id, isKnown: false }, options)
        : await this.#intact(driver, before, options);
      const { clock = systemClock } = this.#deps;
      const called = isCalled ? withCall(before, id) : before;
      const held = withHolder(called, { id, since: clock.now(), consumer });
      try {
        options.signal?.throwIfAborted();
        await this.#volumes.save({ ...held, ...factsOf(mount) });
      } catch (error) {
        if (isCalled) await undo(driver, request, 1, this.#deps.logger);
        throw error;
      }
      return mount.hostPath;
    } catch (error) {
      await this.#putBack(before);
      throw error;
    }
  }

  async unmount(
    { driver: name, volume, id }: MountRequest & { readonly driver: string },
    driver: () => Promise<MountingDriver | undefined>,
    options: Cancellable,
  ): Promise<boolean> {
    await this.#remounted(name, options);
    const held = this.#volumes.get(name, volume);
    if (held === undefined || !held.holders.some((holder) => holder.id === id)) return false;
    const counted = withoutHolder(settled(held), id);
    const isLast = counted.holders.length === 0;
    const calls = isLast ? held.calls : held.calls.filter((call) => call.id === id && this.#isEach(name));
    if (calls.length === 0) {
      await this.#volumes.save(counted);
      return true;
    }
    await this.#volumes.save({ ...held, pending: { method: 'Unmount', id } });
    try {
      const found = await driver();
      const left =
        found === undefined
          ? { ...counted, calls: [] }
          : await this.#callUnmount(found, { ...counted, ...this.#facts(counted) }, calls, options);
      await this.#volumes.save(left);
    } catch (error) {
      await this.#putBack(settled(held));
      throw error;
    }
    return true;
  }

  async adopt({ driver, volume, id, since }: Parameters<MountLedger['adopt']>[0]): Promise<void> {
    const held = this.#find(driver, volume);
    if (held.holders.some((holder) => holder.id === id)) return;
    await this.#volumes.save(withHolder(withCall(held, id), { id, since }));
  }

  async remount(driver: MountingDriver, options: RemountOptions): Promise<readonly Remounted[]> {
    const { name } = driver.plugin;
    const work = mapBounded(this.#volumes.ofDriver(name), async (volume) => {
      const held = await this.#settle(volume, driver);
      return held.holders.length === 0 ? [] : [await this.#remountOne(driver, held, options)];
    });
    const done = Promise.allSettled([work]);
    this.#remounts.set(name, done);
    try {
      return (await work).flat();
    } finally {
      if (this.#remounts.get(name) === done) this.#remounts.delete(name);
    }
  }

  async forget(driver: string, volume: string): Promise<void> {
    const held = this.#volumes.get(driver, volume);
    if (held !== undefined && !isHeld(held)) await this.#volumes.drop(held);
  }

  async #remountOne(driver: MountingDriver, held: HeldVolume, options: RemountOptions): Promise<Remounted> {
    try {
      const mount = await this.#restored(driver, held, options);
      if (mount.device !== held.device) await options.onReplaced?.(mount.hostPath);
      // Holders may have left or come meanwhile.
      const now = this.#volumes.get(held.driver, held.volume) ?? held;
      const noted = { ...now, ...factsOf(mount) };
      await this.#volumes.save(noted);
      return { held: noted };
    } catch (error) {
      return { held, error };
    }
  }

  async #restored(
    driver: MountingDriver,
    held: HeldVolume,
    options: RemountOptions,
  ): Promise<EstablishedMount> {
    try {
      return await this.#check(driver, held, options);
    } catch (error) {
      const [call, ...others] = held.calls;
      if (!options.mayCall || !isLost(error) || call === undefined) throw error;
      await this.#createForgotten(driver, held, options);
      const wanted = { id: call.id, isKnown: this.#isOfProcess(driver, held) };
      const mount = await this.#establish(driver, held, wanted, options);
      // A driver that counts by itself gets all its calls again.
      const again = [{ ...call, count: call.count - 1 }, ...others];
      for (const { id, count } of again) {
        for (let made = 0; made < count; made += 1) await driver.calls.mount(held.volume, id, options);
      }
      return mount;
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

  /** Wait for a remount that is under way. */
  async #remounted(driver: string, { signal }: Cancellable): Promise<void> {
    const remount = this.#remounts.get(driver);
    if (remount !== undefined) await rejectOnAbort(remount, signal);
  }

  /** Make a mount, or make it anew. */
  #establish(
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
    return mount.device === held.device ? { ...mount, pid: held.pid } : mount;
  }

  /** True if the process of the plugin that mounted a volume still runs. */
  #isOfProcess({ plugin }: MountingDriver, { pid }: HeldVolume): boolean {
    return pid === this.#deps.check.pidOf(plugin);
  }

  /** Check the mount that others hold, and repair it if it is lost. */
  async #intact(driver: MountingDriver, held: HeldVolume, options: Cancellable): Promise<EstablishedMount> {
    try {
      return await this.#check(driver, held, options);
    } catch (error) {
      const [call] = held.calls;
      if (!isLost(error) || call === undefined) throw error;
      this.#deps.logger.warn({ err: error, volume: held.volume }, 'the mount of a held volume is lost');
      const isKnown = this.#isOfProcess(driver, held);
      return this.#establish(driver, held, { id: call.id, isKnown }, options);
    }
  }

  async #callUnmount(
    driver: MountingDriver,
    held: HeldVolume,
    calls: HeldVolume['calls'],
    options: Cancellable,
  ): Promise<HeldVolume> {
    const isLast = held.holders.length === 0;
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

  /** Undo or complete the call that an earlier process was about to make. */
  async #settle(held: HeldVolume, driver: MountingDriver): Promise<HeldVolume> {
    const { pending, volume } = held;
    if (pending === undefined || !this.#unsettled.has(held)) return settled(held);
    this.#unsettled.delete(held);
    const { logger } = this.#deps;
    const { id } = pending;
    logger.warn({ volume, id, method: pending.method }, 'a call to a driver was cut short: it is undone');
    if (pending.method === 'Mount') {
      // Nobody got an answer.
      await undo(driver, { volume, id }, 1, logger);
      return this.#saved(settled(held));
    }
    const counted = withoutHolder(settled(held), id);
    const isLast = counted.holders.length === 0;
    const calls = isLast ? held.calls : [];
    for (const call of calls) await undo(driver, { volume, id: call.id }, call.count, logger);
    return this.#saved(isLast ? { ...counted, calls: [] } : counted);
  }

  async #saved(held: HeldVolume): Promise<HeldVolume> {
    await this.#volumes.save(held);
    return held;
  }

  #isEach(driver: string): boolean {
    return this.#deps.mountCallsOf(driver) === 'each';
  }

  #find(driver: string, volume: string): HeldVolume {
    const { bootId } = this.#deps;
    return this.#volumes.get(driver, volume) ?? newHeldVolume({ bootId, driver, volume });
  }

  #facts(held: HeldVolume) {
    return factsOf(this.#volumes.get(held.driver, held.volume) ?? held);
  }

  /** As it was before a call that failed. Never rejects: the file names a call too many then, which the next one settles. */
  async #putBack(before: HeldVolume): Promise<void> {
    try {
      await this.#volumes.save({ ...before, ...this.#facts(before) });
    } catch (error) {
      this.#deps.logger.error({ err: error, volume: before.volume }, 'cannot write who holds a volume');
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
