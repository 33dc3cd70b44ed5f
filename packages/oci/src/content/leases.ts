/**
 * Leases on blobs. Adding and asking are synchronous, so that a garbage collector that asks and removes in one turn of
 * the event loop never removes a leased blob.
 */
import type { Digest } from '../digests/digest.ts';
import type { Lease } from './content-store.ts';

/** Counts the leases on each blob. */
export class Leases {
  readonly #counts = new Map<Digest, number>();
  #open = 0;

  /** Leases that were not disposed yet. */
  get open(): number {
    return this.#open;
  }

  /** True if any lease protects the blob. */
  protects(digest: Digest): boolean {
    return this.#counts.has(digest);
  }

  /** Open a lease that protects nothing yet. */
  acquire(): Lease {
    this.#open++;
    const held = new Set<Digest>();
    let isOpen = true;
    return {
      add: (digest) => {
        if (!isOpen || held.has(digest)) return;
        held.add(digest);
        this.#counts.set(digest, (this.#counts.get(digest) ?? 0) + 1);
      },
      [Symbol.asyncDispose]: async () => {
        if (isOpen) this.#open--;
        isOpen = false;
        for (const digest of held) this.#release(digest);
        held.clear();
      },
    };
  }

  #release(digest: Digest): void {
    const others = (this.#counts.get(digest) ?? 0) - 1;
    if (others > 0) this.#counts.set(digest, others);
    else this.#counts.delete(digest);
  }
}
