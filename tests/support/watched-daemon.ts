/**
 * A daemon, in a process of its own, that reports the turns of its event loop in which it did nothing else.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoopTurn } from '@outboard/async/testing';
import { startDaemon, type TestDaemon, type TestDaemonOptions } from './daemon.ts';

/** Upper bound of what one turn computes, in milliseconds of its thread. */
const maxComputedMs = 50;
/**
 * Upper bound of the time that the thread sleeps in a turn. On a busy machine it waits for other threads of its process that
 * do not run; what waits for another process or a file system that hangs would wait for ever.
 */
const maxBlockedMs = 1500;

export interface WatchedDaemon extends TestDaemon {
  /** The turns since the last call that were too long, as texts. */
  longTurns(): readonly string[];
}

/** Options of a watched daemon. */
export interface WatchedDaemonOptions extends TestDaemonOptions {
  /** Report only turns that wait: the time that a machine stops is counted as computed. */
  readonly onlyBlocked?: boolean;
}

/** Start a daemon, and watch it from the first turn in which it could serve. */
export async function startWatchedDaemon({
  onlyBlocked = false,
  ...options
}: WatchedDaemonOptions): Promise<WatchedDaemon> {
  const isTooLong = ({ computedMs, blockedMs, garbageMs }: LoopTurn) =>
    (!onlyBlocked && computedMs > maxComputedMs) || blockedMs - garbageMs > maxBlockedMs;
  const file = join(options.home, 'turns');
  const report = new URL('report-turns.mjs', import.meta.url).href;
  const env = { ...options.env, OUTBOARD_TURNS: file, OUTBOARD_TURN_LIMIT: String(maxComputedMs) };
  let seen = existsSync(file) ? readTurns(file).length : 0;
  const daemon = await startDaemon({ ...options, nodeOptions: ['--import', report], env });
  return {
    ...daemon,
    log: daemon.log,
    longTurns() {
      const turns = readTurns(file).slice(seen);
      seen += turns.length;
      return turns.filter(isTooLong).map(describe);
    },
  };
}

function readTurns(file: string): readonly LoopTurn[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line)); // the last one is empty, or being written
}

function describe({ computedMs, blockedMs, garbageMs }: LoopTurn): string {
  return `computed ${Math.round(computedMs)} ms, blocked ${Math.round(blockedMs)} ms, garbage ${Math.round(garbageMs)} ms`;
}
