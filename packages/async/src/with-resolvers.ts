/**
 * `Promise.withResolvers`, which Node.js 20 lacks.
 */

/** A promise that is settled from outside. A rejection that nobody awaits is reported as unhandled, as of any promise. */
export function withResolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve!: PromiseWithResolvers<Value>['resolve']; // the executor below runs before the constructor returns
  let reject!: PromiseWithResolvers<Value>['reject'];
  const promise = new Promise<Value>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

/** The result of `withResolvers()`, named as in the library of ES2024. */
export interface PromiseWithResolvers<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value | PromiseLike<Value>) => void;
  readonly reject: (reason?: unknown) => void;
}
