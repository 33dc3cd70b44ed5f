/**
 * The ledger over the journal. Each call to a driver is noted before it is made and after it, so that a process that is
 * killed in between leaves a call whose result is unknown, never a mount that nobody remembers, nor a holder whose mount was
 * not made.
 */
import { type Cancellable, type Clock, systemClock } from '@outboard/async';
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
import type { MountingDriver, MountLedger, MountRequest } from './mount-ledger.ts';

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
  readonly #volumes = new Map<string, Map<string, HeldVolume>>();

  constructor(deps: MountLedgerDeps, loaded: readonly HeldVolume[]) {
    this.#deps = deps;
    for (const held of loaded) this.#index(held);
  }

  held(driver: string): readonly HeldVolume[] {
    return [...(this.#volumes.get(driver)?.values() ?? [])].filter(isHeld);
  }

  idsOf(driver: string, volume: string): readonly string[] {
    const held = this.#volumes.get(driver)?.get(volume);
    return held === undefined ? [] : holderIds(held);
  }

  driversOf(volume: string): readonly string[] {
    return [...this.#volumes].flatMap(([driver, volumes]) => {
      const held = volumes.get(volume);
      return held !== undefined && isHeld(held) ? [driver] : [];
    });
  }

  async mount(
    driver: MountingDriver,
    request: Parameters<MountLedger['mount']>[1],
    options: Cancellable,
  ): Promise<string> {
    const { id, volume } = request;
    const before = await this.#settle(this.#find(driver.plugin.name, volume), driver);
    const isCounted = this.#isEach(driver.plugin.name) && !isRepeatedByHand(before, request);
    const isCalled = before.calls.length === 0 || isCounted;
    if (isCalled) await this.#save({ ...before, pending: { method: 'Mount', id } });
    try {
      const mount = isCalled
        ? await this.#establish(driver, before, { id, isKnown: false }, options)
        : await this.#intact(driver, before, options);
      const { clock = systemClock } = this.#deps;
      const called = isCalled ? withCall(before, id) : before;
      const counted = withHolder(called, { id, since: clock.now(), consumer: request.consumer });
      try {
        options.signal?.throwIfAborted();
        await this.#save(withMount(counted, mount));
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
    const held = this.#volumes.get(name)?.get(volume);
    if (held === undefined || !held.holders.some((holder) => holder.id === id)) return false;
    const counted = withoutHolder(settled(held), id);
    const isLast = counted.holders.length === 0;
    const calls = isLast ? held.calls : held.calls.filter((call) => call.id === id && this.#isEach(name));
    if (calls.length === 0) {
      await this.#save(counted);
      return true;
    }
    await this.#save({ ...held, pending: { method: 'Unmount', id } });
    try {
      const found = await driver();
      await this.#save(
        found === undefined ? { ...counted, calls: [] } : await unmountAt(found, counted, calls, options),
      );
    } catch (error) {
      await this.#putBack(settled(held));
      throw error;
    }
    return true;
  }

  async adopt({ driver, volume, id, since }: Parameters<MountLedger['adopt']>[0]): Promise<void> {
    const held = this.#find(driver, volume);
    if (held.holders.some((holder) => holder.id === id)) return;
    await this.#save(withHolder(withCall(held, id), { id, since }));
  }

  async forget(driver: string, volume: string): Promise<void> {
    const held = this.#volumes.get(driver)?.get(volume);
    if (held !== undefined && !isHeld(held)) await this.#drop(held);
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

  /** Check the mount that others hold, and repair it if it is lost. */
  async #intact(driver: MountingDriver, held: HeldVolume, options: Cancellable): Promise<EstablishedMount> {
    const wasMount = held.fileSystem !== '';
    try {
      const mountpoint = held.mountpoint || (await driver.calls.path(held.volume, options));
      return await checkMount(driver, { ...held, mountpoint, wasMount }, this.#deps, options);
    } catch (error) {
      const [call] = held.calls;
      if (!isLost(error) || call === undefined) throw error;
      this.#deps.logger.warn({ err: error, volume: held.volume }, 'the mount of a held volume is lost');
      return this.#establish(driver, held, { id: call.id, isKnown: true }, options);
    }
  }

  /** Undo or complete the call that an earlier process was about to make. */
  async #settle(held: HeldVolume, driver: MountingDriver): Promise<HeldVolume> {
    const { pending, volume } = held;
    if (pending === undefined) return held;
    const { logger } = this.#deps;
    if (pending.method === 'Mount') {
      // Nobody got an answer.
      await undo(driver, { volume, id: pending.id }, 1, logger);
      return settled(held);
    }
    const counted = withoutHolder(settled(held), pending.id);
    if (counted.holders.length > 0) return counted;
    for (const { id, count } of held.calls) await undo(driver, { volume, id }, count, logger);
    return { ...counted, calls: [] };
  }

  #isEach(driver: string): boolean {
    return this.#deps.mountCallsOf(driver) === 'each';
  }

  #find(driver: string, volume: string): HeldVolume {
    const { bootId } = this.#deps;
    return this.#volumes.get(driver)?.get(volume) ?? newHeldVolume({ bootId, driver, volume });
  }

  /** Disk first. A volume without holders is kept while it is known to be a mount. */
  async #save(held: HeldVolume): Promise<void> {
    if (!isHeld(held) && held.fileSystem === '') return this.#drop(held);
    await this.#deps.journal.write(held);
    this.#index(held);
  }

  /** As it was before a call that failed. Never rejects: the file names a call too many then, which the next one settles. */
  async #putBack(before: HeldVolume): Promise<void> {
    try {
      await this.#save(before);
    } catch (error) {
      this.#deps.logger.error({ err: error, volume: before.volume }, 'cannot write who holds a volume');
    }
  }

  async #drop(held: HeldVolume): Promise<void> {
    await this.#deps.journal.remove(held);
    const volumes = this.#volumes.get(held.driver);
    volumes?.delete(held.volume);
    if (volumes?.size === 0) this.#volumes.delete(held.driver);
  }

  #index(held: HeldVolume): void {
    const volumes = this.#volumes.get(held.driver) ?? new Map<string, HeldVolume>();
    this.#volumes.set(held.driver, volumes.set(held.volume, held));
  }
}

/** Undo calls. @returns the volume without them */
async function unmountAt(
  { calls: driver }: MountingDriver,
  held: HeldVolume,
  calls: HeldVolume['calls'],
  options: Cancellable,
): Promise<HeldVolume> {
  let left = held;
  const isLast = held.holders.length === 0;
  for (const { id, count } of calls) {
    for (let call = 0; call < (isLast ? count : 1); call += 1) {
      await driver.unmount(held.volume, id, options);
      left = withoutCall(left, id);
    }
  }
  return left;
}

function withMount(
  held: HeldVolume,
  { mountpoint, hostPath, fileSystem, device }: EstablishedMount,
): HeldVolume {
  return { ...held, mountpoint, hostPath, fileSystem, device };
}
