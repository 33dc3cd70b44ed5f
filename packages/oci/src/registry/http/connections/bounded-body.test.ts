import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createFakeClock } from '@outboard/async/testing';
import { readStart } from './bounded-body.ts';
import type { HttpResponse } from './connections.ts';
import { stallLimitsFor } from './stall-watch.ts';

/** A response whose body a test writes. */
function startReading(maxBytes: number) {
  const body = new PassThrough();
  const clock = createFakeClock();
  const response = { body, url: new URL('http://registry.test/'), explain: (error: unknown) => error };
  // The parts of a response that are read here.
  const reading = readStart(
    response as unknown as HttpResponse,
    { clock, stallLimits: stallLimitsFor(30_000) },
    maxBytes,
  );
  return { body, clock, reading };
}

describe('readStart()', () => {
  it('R21 waits 5 s for a body that does not come, and returns what arrived', async () => {
    const { body, clock, reading } = startReading(100);
    body.write('denied: ');
    await setImmediate();
    clock.advance(4_999);
    assert.equal(body.destroyed, false);
    clock.advance(1);
    assert.equal((await reading).toString(), 'denied: ');
    assert.equal(body.destroyed, true);
    assert.equal(clock.waiting, 0);
  });

  it('R19 stops at its limit, and waits for nothing more', async () => {
    const { body, clock, reading } = startReading(4);
    body.write('denied');
    assert.equal((await reading).toString(), 'deni');
    assert.equal(body.destroyed, true);
    assert.equal(clock.waiting, 0);
  });
});
