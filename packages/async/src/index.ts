/**
 * The public face of the package, by subject.
 */

// Cancelling: signals and time limits.
export type { CallDeadline } from './call-deadline.ts';
export { openCallDeadline } from './call-deadline.ts';
export type { Cancellable } from './cancellable.ts';
// Time.
export type { Clock, Random } from './clock.ts';
export { systemClock } from './clock.ts';
// Ownership of work and resources.
export type { Disposer } from './disposal-stack.ts';
export { acquireAll, DisposalStack } from './disposal-stack.ts';
// Promises and events.
export { watchEvents } from './event-watch.ts';
export { firstEvent, waitForDrain } from './first-event.ts';
export { fromCallback } from './from-callback.ts';
export { joinSignals, longestTimerMs } from './join-signals.ts';
// Exclusion and bounds.
export type { KeyedQueue } from './keyed-queue.ts';
export { createKeyedQueue, createSerialQueue } from './keyed-queue.ts';
export type { Limiter } from './limiter.ts';
export { createLimiter } from './limiter.ts';
export type { Listeners } from './listeners.ts';
export { createListeners } from './listeners.ts';
export { mapBounded } from './map-bounded.ts';
export { onAbort, whenAborted } from './on-abort.ts';
export type { OperationScope } from './operation-scope.ts';
export { createOperationScope } from './operation-scope.ts';
export { pause } from './pause.ts';
export { pollUntil } from './poll-until.ts';
export { rejectOnAbort, resolveOnAbort } from './race-with-signal.ts';
export { runOnce } from './run-once.ts';
export { settlesWithin } from './settles-within.ts';
export { shareRuns } from './share-runs.ts';
// Streams.
export { splitStream } from './split-stream.ts';
export { stopWhenAborted } from './stop-when-aborted.ts';
// Long computations.
export { createTurnPacer, mapInTurns, nextTurn } from './turns.ts';
export type { PromiseWithResolvers } from './with-resolvers.ts';
export { withResolvers } from './with-resolvers.ts';
