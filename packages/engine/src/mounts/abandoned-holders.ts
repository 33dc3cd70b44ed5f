/**
 * Decides which holders of volumes are abandoned: their process has crashed, and nothing uses the volume any more. The rule
 * is careful, since an unmount under a user sends the user's data to another file system. Pure.
 */
import { type Consumer, isGone } from '../references/consumer.ts';
import type { HeldVolume, MountHolder } from './held-volume.ts';

/**
 * The ID of all mounts of Podman, which counts by itself and calls Mount for its first container only: it would bind the path
 * of a volume that was unmounted meanwhile.
 * @see Podman, libpod/volume_internal_linux.go
 */
const podmanId = '2f73349cfc4630255319c6c8dfc1b46a8996ace9d14d8e07563b165915918ec2';

/** Time after which a process that still runs is no command that ends right after its mount, in milliseconds. */
export const commandMs = 60_000;
/** Time for which nothing may have used a volume, in milliseconds. */
export const unusedMs = 60_000;

/** A holder of a volume. */
export interface HeldBy {
  readonly held: HeldVolume;
  readonly holder: MountHolder;
}

/** The holders that may ever be released: they have a process, and neither count by themselves nor end by hand. */
export function releasableHolders(volumes: readonly HeldVolume[]): readonly HeldBy[] {
  return volumes.flatMap((held) =>
    held.holders
      .filter(({ id, consumer }) => id !== podmanId && hasProcess(consumer))
      .map((holder) => ({ held, holder })),
  );
}

function hasProcess(consumer: Consumer | undefined): boolean {
  return consumer?.isByHand === false && consumer.pid !== undefined && consumer.startTime !== undefined;
}

/** Memory of what was seen of holders. Nothing is remembered of those that are no longer there. */
export class HolderWatch {
  /** Holders whose process has lived longer than a command. */
  #lasting = new Set<string>();
  #unusedSince = new Map<string, Date>();

  /**
   * Note the holders of now.
   * @returns those whose process is gone and was no command
   */
  note(holders: readonly HeldBy[], now: Date): readonly HeldBy[] {
    const lasting = holders.filter(
      (each) =>
        this.#lasting.has(keyOf(each)) || (!hasEnded(each) && isOlder(each.holder.since, now, commandMs)),
    );
    this.#lasting = new Set(lasting.map(keyOf));
    const gone = lasting.filter(hasEnded);
    const known = gone.flatMap((each) => {
      const since = this.#unusedSince.get(keyOf(each));
      return since === undefined ? [] : [[keyOf(each), since] as const];
    });
    this.#unusedSince = new Map(known);
    return gone;
  }

  /** Note whether anything uses the volume of a holder. @returns true when nothing has used it for long enough */
  isAbandoned(each: HeldBy, isUnused: boolean, now: Date): boolean {
    const key = keyOf(each);
    if (!isUnused) {
      this.#unusedSince.delete(key);
      return false;
    }
    const since = this.#unusedSince.get(key) ?? now;
    this.#unusedSince.set(key, since);
    return isOlder(since, now, unusedMs);
  }
}

function hasEnded({ holder }: HeldBy): boolean {
  return holder.consumer !== undefined && isGone(holder.consumer);
}

function isOlder(time: Date, now: Date, ms: number): boolean {
  return now.getTime() - time.getTime() >= ms;
}

/** A holder that mounts again is another one. */
function keyOf({ held, holder }: HeldBy): string {
  const { pid, startTime } = holder.consumer ?? {};
  return JSON.stringify([held.driver, held.volume, holder.id, holder.count, pid, startTime]);
}
