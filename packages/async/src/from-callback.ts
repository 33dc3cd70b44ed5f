/**
 * One call in Node.js's callback style as a promise, where `util.promisify` does not fit: methods, optional callbacks.
 */
import { withResolvers } from './with-resolvers.ts';

/** A callback in Node.js's style: an error, or else a result. */
export type NodeCallback<Value> = (error?: Error | null, value?: Value) => void;

/**
 * Start work that calls back once.
 * @param start for example `(done) => server.close(done)`
 * @returns the callback's second argument; `undefined` for callbacks that have none
 * @throws the callback's first argument, or an error of `start`
 */
export async function fromCallback<Value = void>(
  start: (done: NodeCallback<Value>) => unknown,
): Promise<Value> {
  const { promise, resolve, reject } = withResolvers<Value>();
  start((error, value) => {
    if (error === undefined || error === null)
      resolve(value as Value); // the caller names the type of the callback
    else reject(error);
  });
  return promise;
}
