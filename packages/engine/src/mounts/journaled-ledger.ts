/**
 * The ledger over the journal. Each call to a driver is noted before it is made and after it, so that a process that is
 * killed in between leaves a call whose result is unknown, never a mount that nobody remembers, nor a holder whose mount was
 * not made.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Cancellable, type Clock, mapBounded, rejectOnAbort, systemClock } from '@outboard/async';
import type { Logger } from 'pino';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import { DriverMounts } from './driver-mounts.ts';
import { undo } from './establish-mount.ts';
import {
  factsOf,
  type HeldVolume,
  holderIds,
  isHeld,
  isRepeatedByHand,
  newHeldVolume,
  seen,
  settled,
  withCall,
  withHolder,
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
  readonly #mounts: DriverMounts;
  /** Volumes with a call that an earlier process was about to make. */
  readonly #unsettled: Set<HeldVolume>;
  /** Remounts under way, by driver; none of them rejects. */
  readonly #remounts = new Map<string, Promise<unknown>>();

  constructor(deps: MountLedgerDeps, loaded: readonly HeldVolume[]) {
    this.#deps = deps;
    this.#mounts = new DriverMounts(deps);
    this.#volumes = new VolumeTable(deps.journal, loaded);
    this.#unsettled = new Set(loaded.filter(({ pending }) => pending !== undefined));
  }

  all(): readonly HeldVolume[] {
    return this.#volumes.drivers().flatMap((driver) => this.held(driver));
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

  async locate(driver: PluginDriver, mountpoint: string, options: Cancellable): Promise<string> {
    return (await this.#deps.check.check(driver, mountpoint, options)).hostPath;
  }

  async locateAll(
    driver: PluginDriver,
    mountpoints: readonly string[],
    options: Cancellable,
  ): Promise<readonly (string | undefined)[]> {
    return await this.#deps.check.checkAll(driver, mountpoints, options);
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
        ? await this.#mounts.establish(driver, before, { id, isKnown: false }, options)
        : await this.#mounts.intact(driver, before, options);
      const { clock = systemClock } = this.#deps;
      const called = isCalled ? withCall(before, id) : before;
      const held = withHolder(called, { id, since: clock.now(), consumer });
      try {
        options.signal?.throwIfAborted();
        await this.#volumes.save({ ...held, ...seen(mount) });
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
          : await this.#mounts.unmount(found, { ...counted, ...this.#facts(counted) }, calls, options);
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
      if (held.holders.length > 0) return [await this.#remountOne(driver, held, options)];
      await this.#noteUnheld(held);
      return [];
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

  async forgetDriver(driver: string): Promise<void> {
    for (const held of this.#volumes.ofDriver(driver)) await this.#volumes.drop(held);
  }

  /** The driver may keep it on purpose, for its next holder. */
  async #noteUnheld({ driver, volume, hostPath, device }: HeldVolume): Promise<void> {
    if (device === '' || !(await this.#deps.check.isMounted({ hostPath, device }))) return;
    this.#deps.logger.warn(
      { driver, volume, hostPath },
      'a volume that nobody holds is mounted: it is left so',
    );
  }

  async #remountOne(driver: MountingDriver, held: HeldVolume, options: RemountOptions): Promise<Remounted> {
    try {
      const mount = await this.#mounts.restored(driver, held, options);
      // Holders may have left or come meanwhile.
      const now = this.#volumes.get(held.driver, held.volume) ?? held;
      const noted = { ...now, ...seen(mount) };
      if (!isDeepStrictEqual(factsOf(noted), factsOf(now))) await this.#volumes.save(noted);
      return { held: noted };
    } catch (error) {
      await this.#noteFailure(held, error);
      // A driver that deletes its mount points and makes them anew cannot do so while they are guarded.
      if (isForbidden(error)) await this.#deps.check.expose(driver.plugin, held.hostPath);
      return { held, error };
    }
  }

  /** Never rejects. */
  async #noteFailure(held: HeldVolume, error: unknown): Promise<void> {
    const failure = error instanceof Error ? error.message : String(error);
    const now = this.#volumes.get(held.driver, held.volume) ?? held;
    try {
      if (now.failure !== failure) await this.#volumes.save({ ...now, failure });
    } catch (second) {
      this.#deps.logger.error(
        { err: second, volume: held.volume },
        'cannot write why a volume is not mounted',
      );
    }
  }

  /** Wait for a remount that is under way. */
  async #remounted(driver: string, { signal }: Cancellable): Promise<void> {
    const remount = this.#remounts.get(driver);
    if (remount !== undefined) await rejectOnAbort(remount, signal);
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

/** EPERM, as drivers spell it. */
function isForbidden(error: unknown): boolean {
  return error instanceof Error && /operation not permitted/i.test(error.message);
}
