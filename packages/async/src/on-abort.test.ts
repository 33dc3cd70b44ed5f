import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { onAbort, whenAborted } from './on-abort.ts';

test('onAbort() calls the listener once, with the reason', () => {
  const controller = new AbortController();
  const reasons: unknown[] = [];
  onAbort(controller.signal, (reason) => reasons.push(reason));
  assert.deepEqual(reasons, []);
  controller.abort('stop');
  controller.abort('again');
  assert.deepEqual(reasons, ['stop']);
});

test('onAbort() calls the listener before it returns when the signal is aborted already', () => {
  const reasons: unknown[] = [];
  onAbort(AbortSignal.abort('stop'), (reason) => reasons.push(reason))();
  assert.deepEqual(reasons, ['stop']);
});

test('onAbort() leaves nothing at the signal once it is stopped', () => {
  const controller = new AbortController();
  const stop = onAbort(controller.signal, () => assert.fail('it was stopped'));
  stop();
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  controller.abort();
});

test('onAbort() without a signal does nothing', () => {
  onAbort(undefined, () => assert.fail('there is no signal'))();
});

test('onAbort() may be called many times for one signal without a warning', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  const { signal } = new AbortController();
  const stops = Array.from({ length: 100 }, () => onAbort(signal, () => {}));
  // Warnings are emitted in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  assert.deepEqual(warnings, []);
  for (const stop of stops) stop();
});

test('whenAborted() resolves when the signal is aborted, before or meanwhile', async () => {
  const controller = new AbortController();
  const aborted = whenAborted(controller.signal);
  controller.abort();
  await aborted;
  await whenAborted(controller.signal);
});
