/**
 * Finds the turns of this thread's event loop that keep all other work waiting, for tests. A turn is told by what the
 * thread did in it, not by the clock: time in which the machine did other work does not count, so that a test of it is no
 * timed test.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks';

/** Time of one turn of the event loop, in milliseconds. */
export interface LoopTurn {
  /** When it ended, since the epoch. */
  readonly endedAt: number;
  /** By the clock. */
  readonly wallMs: number;
  /** The thread computed, in this process or in the kernel. */
  readonly computedMs: number;
  /** The thread slept: a call of the system, or of the runtime, did not return. */
  readonly blockedMs: number;
  /** Collections of garbage that stopped the thread, part of the others. */
  readonly garbageMs: number;
}

/** Settings of `watchTurns()`. */
export interface TurnMonitorOptions {
  /** Turns in which the thread computed, or slept, for longer are reported. */
  readonly limitMs: number;
  /** Called in the turn after it. */
  readonly report: (turn: LoopTurn) => void;
}

/** The shortest interval of timers: a turn is known to within it. */
const intervalMs = 1;

/**
 * Watch the event loop of the main thread until disposed. A timer that is due in every turn compares the clock with the
 * accounts of the kernel. It keeps no process alive.
 *
 * The kernel accounts for a thread that runs at each tick of its own (up to 10 ms), so that a turn is known to within one.
 * @see Linux, Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat"
 * @throws {Error} on a kernel that keeps no such accounts
 */
export function watchTurns({ limitMs, report }: TurnMonitorOptions): Disposable {
  const accounts = openAccounts();
  const garbage = countGarbage();
  let before = accounts.read();
  const timer = setInterval(() => {
    const now = accounts.read();
    const wallMs = now.atMs - before.atMs;
    const computedMs = now.computedMs - before.computedMs;
    // The loop may have slept for an interval before the turn began.
    const blockedMs = wallMs - computedMs - (now.waitedMs - before.waitedMs) - intervalMs;
    before = now;
    if (Math.max(computedMs, blockedMs) <= limitMs) return;
    const turn = { endedAt: performance.timeOrigin + now.atMs, wallMs, computedMs, blockedMs };
    // Collections are told in a later turn.
    setImmediate(() => report({ ...turn, garbageMs: garbage.between(now.atMs - wallMs, now.atMs) }));
  }, intervalMs);
  timer.unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      garbage.close();
      accounts.close();
    },
  };
}

/** Accounts of the main thread, in milliseconds since some start. */
interface ThreadAccounts {
  readonly atMs: number;
  readonly computedMs: number;
  /** It could have run, and other work had the processors. */
  readonly waitedMs: number;
}

function openAccounts(): { read(): ThreadAccounts; close(): void } {
  // The main thread has the ID of the process.
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  const buffer = Buffer.alloc(128);
  return {
    read() {
      const length = readSync(file, buffer, 0, buffer.length, 0);
      const [computed, waited] = buffer.toString('latin1', 0, length).split(' ').map(Number);
      if (computed === undefined || waited === undefined) throw new Error('no accounts of threads');
      return { atMs: performance.now(), computedMs: computed / 1e6, waitedMs: waited / 1e6 };
    },
    close: () => closeSync(file),
  };
}

/** Collections of garbage of the last seconds. */
function countGarbage(): { between(startMs: number, endMs: number): number; close(): void } {
  let collections: readonly PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => {
    collections = [...collections.slice(-100), ...list.getEntries()];
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    between: (startMs, endMs) =>
      collections
        .filter(({ startTime, duration }) => startTime + duration > startMs && startTime < endMs)
        .reduce((sum, { duration }) => sum + duration, 0),
    close: () => observer.disconnect(),
  };
}
