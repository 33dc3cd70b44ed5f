import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backOffMs, defaultBackOff } from './back-off.ts';

test('S01 backOffMs() doubles from 1 s to 60 s', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 2000].map((failures) => backOffMs(failures, 0, defaultBackOff));
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test('S01 backOffMs() stays between three quarters and the whole of the pause, whatever the random number', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, random) => {
        const whole = backOffMs(failures, 0, defaultBackOff);
        const pause = backOffMs(failures, random, defaultBackOff);
        return pause >= Math.floor(whole * 0.75) && pause <= whole;
      },
    ),
  );
});
