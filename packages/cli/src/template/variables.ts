/**
 * Variables of a template. Each block has its own; those of the blocks around it can be read and set.
 */
import { CommandError } from '../command-error.ts';

/** Variables that are visible in one block. */
export class Variables {
  readonly #own = new Map<string, unknown>();
  readonly #outer: Variables | undefined;

  constructor(outer?: Variables) {
    this.#outer = outer;
  }

  /** Declare a variable of this block. */
  declare(name: string, value: unknown): void {
    this.#own.set(name, value);
  }

  /** Set a variable where it is declared. @throws {CommandError} if it is not */
  assign(name: string, value: unknown): void {
    this.#find(name).set(name, value);
  }

  /** @throws {CommandError} if it is not declared */
  get(name: string): unknown {
    return this.#find(name).get(name);
  }

  #find(name: string): Map<string, unknown> {
    if (this.#own.has(name)) return this.#own;
    if (this.#outer === undefined) throw new CommandError(`template: there is no variable "${name}"`);
    return this.#outer.#find(name);
  }
}
