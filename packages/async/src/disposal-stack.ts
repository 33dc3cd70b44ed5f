/**
 * Clean-up beside each acquisition: the shape of `AsyncDisposableStack`, which Node.js 20 and 22 lack, with two
 * differences that a long-lived owner needs. A second disposal waits for the first instead of returning before it has
 * ended, and several failures are joined in one `AggregateError` instead of a chain of `SuppressedError`.
 */

/** Releases one resource. It may return a promise, which is awaited. */
export type Disposer = () => unknown;

/**
 * Resources in the order of their acquisition. Disposing runs every disposer, last first and one after another, also
 * after one of them failed.
 *
 * A stack that is declared with `await using` disposes what it holds at the end of the block; `move()` on success hands
 * it to the object that lives on.
 */
export class DisposalStack implements AsyncDisposable {
  #disposers: Disposer[] = [];
  #state: 'open' | 'moved' | 'disposed' = 'open';
  #disposal: Promise<void> | undefined;

  /** True after `move()` and from the start of the disposal: nothing can be added any more. */
  get disposed(): boolean {
    return this.#state !== 'open';
  }

  /** Release with the stack. @throws {ReferenceError} if the stack is disposed or was moved */
  defer(dispose: Disposer): void {
    if (this.disposed) throw new ReferenceError('cannot add to a disposal stack that is disposed');
    this.#disposers.push(dispose);
  }

  /** Add a resource that disposes itself; returns it. `null` and `undefined` are let through. @throws as `defer()` */
  use<Resource extends AsyncDisposable | Disposable | null | undefined>(resource: Resource): Resource {
    const disposer = findDisposer(resource);
    if (disposer !== undefined) this.defer(disposer);
    return resource;
  }

  /** Add a value with the function that releases it; returns the value. @throws as `defer()` */
  adopt<Value>(value: Value, dispose: (value: Value) => unknown): Value {
    this.defer(() => dispose(value));
    return value;
  }

  /** A new stack that holds all of this one; disposing this one does nothing then. @throws as `defer()` */
  move(): DisposalStack {
    if (this.disposed) throw new ReferenceError('cannot move a disposal stack that is disposed');
    const moved = new DisposalStack();
    moved.#disposers = this.#disposers;
    this.#disposers = [];
    this.#state = 'moved';
    return moved;
  }

  /**
   * Run every disposer. Every call returns the same promise.
   *
   * @throws the error of the one disposer that failed, or an `AggregateError` of several in the order of the failures
   */
  disposeAsync(): Promise<void> {
    if (this.#state !== 'moved') this.#state = 'disposed';
    this.#disposal ??= runAll(this.#disposers.splice(0).reverse());
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync();
  }
}

/**
 * Acquire several resources in one function. If it fails, what it put on the stack is disposed and its error is thrown
 * unchanged; if it succeeds, its result owns what it took with `stack.move()`, and what is left on the stack is disposed.
 *
 * @param report receives the error of a disposal that failed after `acquire` had failed, so that it hides nothing
 * @throws the error of `acquire`; after its success, the error of the disposal
 */
export async function acquireAll<Result>(
  acquire: (stack: DisposalStack) => Promise<Result>,
  report: (disposalError: unknown) => void,
): Promise<Result> {
  const stack = new DisposalStack();
  let result: Result;
  try {
    result = await acquire(stack);
  } catch (error) {
    await stack.disposeAsync().catch(report);
    throw error;
  }
  await stack.disposeAsync();
  return result;
}

async function runAll(disposers: readonly Disposer[]): Promise<void> {
  const failures: unknown[] = [];
  for (const dispose of disposers) {
    try {
      await dispose();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join('; '));
}

function findDisposer(resource: AsyncDisposable | Disposable | null | undefined): Disposer | undefined {
  if (resource === null || resource === undefined) return undefined;
  if (Symbol.asyncDispose in resource) return () => resource[Symbol.asyncDispose]();
  return () => resource[Symbol.dispose]();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
