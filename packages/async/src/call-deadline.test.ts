import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCallDeadline } from './call-deadline.ts';

const timedOut = (cause: unknown) => new Error('no answer in time', { cause });

test('reasonFor() gives the error itself while nothing stopped the call', () => {
  using deadline = openCallDeadline(1000, [], timedOut);
  const error = new Error('refused');
  assert.equal(deadline.reasonFor(error), error);
});

test('reasonFor() gives the reason of the signal that stopped the call', () => {
  const caller = new AbortController();
  using deadline = openCallDeadline(1000, [caller.signal, undefined], timedOut);
  caller.abort('the client left');
  assert.equal(deadline.reasonFor(new Error('aborted')), 'the client left');
});

test('reasonFor() makes the error of a timeout, caused by the error that it led to', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  using deadline = openCallDeadline(1000, [], timedOut);
  t.mock.timers.tick(1000);
  assert.equal(deadline.signal.aborted, true);
  const error = new Error('aborted');
  const reason = deadline.reasonFor(error);
  assert.ok(reason instanceof Error);
  assert.equal(reason.message, 'no answer in time');
  assert.equal(reason.cause, error);
});

for (const [name, open] of [
  ['a limit of 0', () => openCallDeadline(0, [], timedOut)],
  [
    'a cleared limit',
    () => {
      const deadline = openCallDeadline(1000, [], timedOut);
      deadline.clearLimit();
      return deadline;
    },
  ],
] as const) {
  test(`${name} never passes`, (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    using deadline = open();
    t.mock.timers.tick(1_000_000);
    assert.equal(deadline.signal.aborted, false);
  });
}
