/**
 * Collects warnings about parts of an archive that are not in the tree, counted by reason, so that a million entries
 * give a few lines.
 */
import { showName } from './jail-path.ts';

const maxReasons = 64;

/** Collects warnings of one layer. */
export class UnpackWarnings {
  readonly #reasons = new Map<string, { count: number; readonly first: string }>();
  #others = 0;

  /** Add a warning. @param reason what was left out and why; one of few texts */
  add(reason: string, entryName: Buffer): void {
    const known = this.#reasons.get(reason);
    if (known !== undefined) known.count++;
    else if (this.#reasons.size < maxReasons)
      this.#reasons.set(reason, { count: 1, first: showName(entryName) });
    else this.#others++;
  }

  /** One line for each reason. */
  list(): string[] {
    const lines = [...this.#reasons].map(([reason, { count, first }]) =>
      count === 1 ? `${reason}: ${first}` : `${reason}: ${first} and ${count - 1} more`,
    );
    return this.#others === 0 ? lines : [...lines, `${this.#others} more warnings are not shown`];
  }
}
