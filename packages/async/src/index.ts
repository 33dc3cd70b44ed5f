/**
 * Waiting and exclusion: the public face of the package.
 */

export { pause, untilAborted } from './abortable.ts';
export type { CallDeadline } from './call-deadline.ts';
export { openCallDeadline } from './call-deadline.ts';
export type { Chance } from './clock.ts';
export { realChance } from './clock.ts';
export type { Disposer } from './disposal-stack.ts';
export { acquireAll, DisposalStack } from './disposal-stack.ts';
export type { KeyedQueue } from './keyed-queue.ts';
export { createKeyedQueue } from './keyed-queue.ts';
export type { Limiter } from './limiter.ts';
export { createLimiter } from './limiter.ts';
export { mapBounded } from './map-bounded.ts';
export type { OperationScope } from './operation-scope.ts';
export { createOperationScope } from './operation-scope.ts';
export { splitStream } from './split-stream.ts';
export { stopWhenAborted } from './stop-when-aborted.ts';
export { timeLimit } from './time-limit.ts';
