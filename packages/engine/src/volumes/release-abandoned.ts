/**
 * Releases volumes whose holder has crashed. Without this a crashed program pins its volumes, and their plugin, until the
 * next reboot of the host.
 */
import { pause } from '@outboard/async';
import { type HeldBy, HolderWatch, releasableHolders } from '../mounts/abandoned-holders.ts';
import { showReference } from '../references/show-reference.ts';
import { findIfEnabled } from './mount-volume.ts';
import type { VolumeContext } from './volume-context.ts';
import { mountReferences } from './volume-references.ts';

/** Interval of the looks, in milliseconds. */
const lookMs = 60_000;

/** Looks after holders, one look at a time. */
export interface AbandonedMounts {
  /** Look once: note which processes are gone, and release what nothing has used for long enough. Never rejects. */
  look(signal: AbortSignal): Promise<void>;
  /** Look every minute until the signal is aborted. */
  watch(signal: AbortSignal): Promise<void>;
}

/** Start without any memory: a holder whose process ended before is never released. */
export function createAbandonedMounts(context: VolumeContext): AbandonedMounts {
  const watch = new HolderWatch();

  async function look(signal: AbortSignal): Promise<void> {
    const { mounts, uses, clock, logger } = context;
    const gone = watch.note(releasableHolders(mounts.all()), clock.now());
    for (const each of gone) {
      if (signal.aborted) return;
      const isUnused = await uses.isUnused(each.held);
      if (!watch.isAbandoned(each, isUnused, clock.now())) continue;
      try {
        await release(context, each, signal);
      } catch (error) {
        logger.warn({ err: error, volume: each.held.volume }, 'cannot release an abandoned volume');
      }
    }
  }

  return {
    look,
    async watch(signal) {
      while (!signal.aborted) {
        await look(signal);
        await pause(lookMs, signal);
      }
    },
  };
}

/** Unmount in the turn of the volume, unless its holder has mounted again, or anything uses it after all. */
async function release(context: VolumeContext, { held, holder }: HeldBy, signal: AbortSignal): Promise<void> {
  const { driver, volume } = held;
  const { id } = holder;
  await context.queue.run(
    volume,
    async () => {
      const current = context.mounts.held(driver).find((other) => other.volume === volume);
      const same = current?.holders.find((other) => other.id === id);
      if (
        current === undefined ||
        same?.count !== holder.count ||
        same.consumer?.pid !== holder.consumer?.pid
      ) {
        return;
      }
      if (!(await context.uses.isUnused(current))) return;
      const find = () => findIfEnabled(context, driver, { signal });
      for (let count = 0; count < holder.count; count += 1) {
        await context.mounts.unmount({ driver, volume, id }, find, { signal });
      }
      const [use] = mountReferences({ ...current, holders: [same] }, context.clock.now());
      const holderText = use === undefined ? id : showReference(use);
      context.logger.warn(
        { volume, driver, holder: holderText },
        'released a volume of a process that is gone',
      );
      context.announce({ type: 'volume', action: 'unmount', id: volume, attributes: { driver } });
    },
    signal,
  );
}
