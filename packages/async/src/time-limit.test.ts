import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { timeLimit } from './time-limit.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** In a function of its own, so that nothing of it stays on the stack. */
function joined(): AbortSignal {
  return AbortSignal.any([new AbortController().signal, timeLimit(50)]);
}

test('timeLimit() ends what was joined with it although garbage is collected meanwhile', async () => {
  const signal = joined();
  for (let round = 0; round < 100 && !signal.aborted; round++) {
    collectGarbage();
    await setTimeout(10);
  }
  assert.equal(signal.aborted, true);
  assert.equal(signal.reason.name, 'TimeoutError');
});
