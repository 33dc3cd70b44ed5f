/**
 * A bridge that is made for its first container and removed after its last one.
 */
import { bridgeExists, markBridge, removeIdleBridge } from '../linux/bridge-device.ts';

/** Mark of bridges that Outboard made: a bridge of the administrator stays. */
const mark = 'made by outboard';

/** A bridge that several containers share. */
export class SharedBridge {
  readonly #name: string;
  /** Number of containers that are joining, whose interfaces may not be on the bridge yet. */
  #joining = 0;
  #removal: Promise<void> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Run work that adds an interface to the bridge, and makes the bridge if there is none. The bridge is not removed
   * during the work.
   */
  async join<Result>(work: () => Promise<Result>): Promise<Result> {
    // An idle bridge that a crash left may have another subnet or MTU.
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

  /** Remove the bridge unless it is in use or without the mark. @throws {OutboardError} system */
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
