import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTurnPacer, mapInTurns } from './turns.ts';

/** Compute for some milliseconds. */
function compute(ms: number): void {
  for (const beganAt = performance.now(); performance.now() - beganAt < ms; );
}

describe('mapInTurns()', () => {
  test('returns the results in the order of the items', async () => {
    assert.deepEqual(await mapInTurns(new Set(['a', 'b']), (item, index) => item + index), ['a0', 'b1']);
  });

  test('lets other work run before it ends', async () => {
    const others: number[] = [];
    const timer = setInterval(() => others.push(1));
    try {
      await mapInTurns(Array.from({ length: 20 }), () => compute(2));
    } finally {
      clearInterval(timer);
    }
    assert.ok(others.length > 1, 'nothing else ran');
  });

  test('rejects with the error of the work', async () => {
    const work = () => assert.fail('no');
    await assert.rejects(mapInTurns([1], work), { message: 'no' });
  });
});

describe('createTurnPacer()', () => {
  test('asks for no pause at the beginning of a turn, and for one after a while', async () => {
    const pacer = createTurnPacer();
    compute(6);
    const pause = pacer.pause();
    assert.ok(pause !== undefined);
    assert.equal(pacer.pause(), pause, 'all workers wait for the same turn');
    await pause;
    assert.equal(pacer.pause(), undefined);
  });
});
