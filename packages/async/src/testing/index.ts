/**
 * Parts for tests. Not published.
 */
export type { FakeClock } from './fake-clock.ts';
export { createFakeClock } from './fake-clock.ts';
export type { LoopTurn } from './turn-monitor.ts';
export { watchTurns } from './turn-monitor.ts';
