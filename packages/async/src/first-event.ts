/**
 * Waiting for events of an emitter. `once` of `node:events` waits for one event and throws at `error`; this waits for
 * whichever of several is first, and `error` may be one of them.
 */
import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';
import type { Cancellable } from './cancellable.ts';
import { onAbort } from './on-abort.ts';
import { withResolvers } from './with-resolvers.ts';

/**
 * Wait for the first of several events. Never throws; an `error` that is not among the names has no listener here.
 * @param options.signal ends the wait
 * @returns the event's name, or undefined if the signal was first
 */
export async function firstEvent<Name extends string>(
  emitter: Pick<EventEmitter, 'on' | 'off'>,
  names: readonly Name[],
  options: Cancellable = {},
): Promise<Name | undefined> {
  const { promise, resolve } = withResolvers<Name | undefined>();
  const listeners = names.map((name) => [name, () => resolve(name)] as const);
  for (const [name, listener] of listeners) emitter.on(name, listener);
  const stopListening = onAbort(options.signal, () => resolve(undefined));
  try {
    return await promise;
  } finally {
    for (const [name, listener] of listeners) emitter.off(name, listener);
    stopListening();
  }
}

/**
 * Wait until a stream that is full takes more: after `write()` returned false. Never throws.
 * @param options.signal ends the wait
 * @returns false if it will take no more (closed, failed), or the signal was first
 */
export async function waitForDrain(stream: Writable, options: Cancellable = {}): Promise<boolean> {
  if (stream.destroyed || options.signal?.aborted === true) return false;
  if (!stream.writableNeedDrain) return true;
  return (await firstEvent(stream, ['drain', 'close', 'error'], options)) === 'drain';
}
