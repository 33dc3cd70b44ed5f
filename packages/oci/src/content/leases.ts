/**
 * Which blobs operations hold. Taking and asking are synchronous, so that a collector which asks and
 * removes in one turn of the event loop can never take a blob that was leased before.
 */
import type { Digest } from '../digests/digest.ts';
import type { Lease } from './content-store.ts';

/** Counts the holders of each blob. */
export class Leases {
  readonly #holders = new Map<Digest, number>();

  /** Whether any lease holds the blob. */
  holds(digest: Digest): boolean {
    return this.#holders.has(digest);
  }

  /** Start a lease that holds nothing yet. */
  open(): Lease {
    const held = new Set<Digest>();
    let isOpen = true;
    return {
      add: (digest) => {
        if (!isOpen || held.has(digest)) return;
        held.add(digest);
        this.#holders.set(digest, (this.#holders.get(digest) ?? 0) + 1);
      },
      [Symbol.asyncDispose]: async () => {
        isOpen = false;
        for (const digest of held) this.#release(digest);
        held.clear();
      },
    };
  }

  #release(digest: Digest): void {
    const others = (this.#holders.get(digest) ?? 0) - 1;
    if (others > 0) this.#holders.set(digest, others);
    else this.#holders.delete(digest);
  }
}
