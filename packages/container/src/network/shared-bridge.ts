/**
 * A bridge that comes with the first plugin on it and goes with the last one.
 */
import { bridgeExists, markBridge, removeIdleBridge } from '../linux/bridge-device.ts';

/** On bridges that were made here: one that the administrator made stays. */
const mark = 'made by outboard';

export class SharedBridge {
  readonly #name: string;
  /** How many are joining it, whose interfaces may not be on it yet. */
  #joining = 0;
  #removal: Promise<void> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Run work that puts an interface on the bridge, and makes the bridge if there is none. Meanwhile it is not removed.
   */
  async join<Result>(work: () => Promise<Result>): Promise<Result> {
    // One that a crash left idle may have another subnet or MTU.
    if (this.#joining === 0) this.#remove();
    while (this.#removal !== undefined) await this.#removal;
    this.#joining += 1;
    try {
      const isNew = !(await bridgeExists(this.#name));
      try {
        return await work();
      } finally {
        if (isNew && (await bridgeExists(this.#name))) await markBridge(this.#name, mark);
      }
    } finally {
      this.#joining -= 1;
    }
  }

  /** Remove it unless it is in use, or not ours. @throws {OutboardError} system */
  async removeIfIdle(): Promise<void> {
    if (this.#joining === 0) this.#remove();
    await this.#removal;
  }

  #remove(): void {
    this.#removal ??= removeIdleBridge(this.#name, mark).finally(() => {
      this.#removal = undefined;
    });
  }
}
