import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { withResolvers } from '../with-resolvers.ts';
import { type LoopTurn, watchTurns } from './turn-monitor.ts';

/** The turns that are reported of a piece of work, which begins in a turn of its own. */
async function turnsOf(work: () => unknown): Promise<readonly LoopTurn[]> {
  const turns: LoopTurn[] = [];
  using _monitor = watchTurns({ limitMs: 60, report: (turn) => turns.push(turn) });
  await later(5);
  await work();
  await later(20);
  return turns;
}

function later(ms: number): Promise<void> {
  const { promise, resolve } = withResolvers<void>();
  setTimeout(resolve, ms);
  return promise;
}

function compute(ms: number): void {
  const start = process.cpuUsage();
  for (let used = 0; used < ms; ) {
    const { user, system } = process.cpuUsage(start);
    used = (user + system) / 1000;
  }
}

describe('watchTurns()', () => {
  test('reports a turn that computes', async () => {
    const [turn, ...others] = await turnsOf(() => compute(150));
    assert.deepEqual(others, []);
    assert.ok(turn !== undefined && turn.computedMs > 60, JSON.stringify(turn));
  });

  test('reports a turn that sleeps in a call of the system', async () => {
    const [turn] = await turnsOf(() => execFileSync('sleep', ['0.3']));
    assert.ok(turn !== undefined && turn.blockedMs > 60, JSON.stringify(turn));
  });

  test('reports no work in small pieces, and no waiting', async () => {
    const turns = await turnsOf(async () => {
      for (let piece = 0; piece < 20; piece++) {
        compute(8);
        await later(1);
      }
      await later(150);
    });
    assert.deepEqual(turns, []);
  });
});
