import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { createCircuitBreaker } from './circuit-breaker.ts';

const open = (failures = 2) => {
  const clock = createFakeClock();
  const breaker = createCircuitBreaker('acme/p:latest', { failures, pauseMs: 10_000 }, clock);
  const fail = (times: number) => {
    for (let time = 0; time < times; time += 1) breaker.admit().failed('no answer within 60 s');
  };
  return { clock, breaker, fail };
};
const refused = { kind: 'unavailable', code: 'circuit-open' } as const;

describe('createCircuitBreaker()', () => {
  test('opens after failures in a row, and says why, and when the next attempt is', () => {
    const { breaker, fail, clock } = open();
    fail(1);
    assert.equal(breaker.state, 'closed');
    fail(1);
    assert.equal(breaker.state, 'open');
    clock.advance(2500);
    assert.throws(() => breaker.admit(), {
      ...refused,
      message:
        'plugin acme/p:latest does not answer: 2 calls in a row failed (no answer within 60 s); the next attempt is in 8 s',
    });
  });

  test('counts failures in a row only: any answer begins anew', () => {
    const { breaker, fail } = open();
    fail(1);
    breaker.admit().answered();
    fail(1);
    assert.equal(breaker.state, 'closed');
  });

  test('admits one trial after each pause, and closes when it is answered', () => {
    const { breaker, fail, clock } = open();
    fail(2);
    clock.advance(10_000);
    const trial = breaker.admit();
    assert.equal(breaker.state, 'trial');
    assert.throws(() => breaker.admit(), { ...refused, message: /; one call tries it now$/ });
    trial.failed('lost');
    assert.throws(() => breaker.admit(), { ...refused, message: /3 calls .* \(lost\); .* in 10 s$/ });
    clock.advance(10_000);
    breaker.admit().answered();
    assert.equal(breaker.state, 'closed');
    fail(1);
    breaker.admit().answered();
  });

  test('lets the next call try when the trial was left by its caller', () => {
    const { breaker, fail, clock } = open();
    fail(2);
    clock.advance(10_000);
    breaker.admit().left();
    breaker.admit().answered();
    assert.equal(breaker.state, 'closed');
  });

  test('closes at the answer of a call from before it opened', () => {
    const { breaker, fail } = open();
    const slow = breaker.admit();
    fail(2);
    slow.answered();
    assert.equal(breaker.state, 'closed');
  });

  test('counts each call once', () => {
    const { breaker } = open();
    const call = breaker.admit();
    call.failed('lost');
    call.failed('lost');
    call.answered();
    breaker.admit().failed('lost');
    assert.equal(breaker.state, 'open');
  });

  test('forgets at a reset, and calls from before it count no more', () => {
    const { breaker, fail } = open();
    const old = [breaker.admit(), breaker.admit()];
    fail(2);
    breaker.reset();
    assert.equal(breaker.state, 'closed');
    for (const call of old) call.failed('lost');
    assert.equal(breaker.state, 'closed');
  });

  test('never opens with a limit of 0', () => {
    const { breaker, fail } = open(0);
    fail(100);
    assert.equal(breaker.state, 'closed');
    breaker.admit().answered();
  });
});
