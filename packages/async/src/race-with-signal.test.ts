import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { rejectOnAbort, resolveOnAbort } from './race-with-signal.ts';
import { withResolvers } from './with-resolvers.ts';

for (const race of [rejectOnAbort, resolveOnAbort]) {
  describe(`${race.name}()`, () => {
    test('gives the value of a promise that is first, and leaves nothing at the signal', async () => {
      const { signal } = new AbortController();
      assert.equal(await race(Promise.resolve('value'), signal), 'value');
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    });

    test('throws the error of a promise that is first', async () => {
      const { signal } = new AbortController();
      await assert.rejects(race(Promise.reject(new Error('mine')), signal), /mine/);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    });

    test('without a signal gives the promise', async () => {
      assert.equal(await race(Promise.resolve('value'), undefined), 'value');
    });

    test('a promise that is rejected after the abort is no unhandled rejection', async () => {
      const work = withResolvers<string>();
      const controller = new AbortController();
      const raced = race(work.promise, controller.signal).catch(() => undefined);
      controller.abort(new Error('stop'));
      await raced;
      work.reject(new Error('too late'));
      // An unhandled rejection would fail this test.
      await new Promise((resolve) => setImmediate(resolve));
    });
  });
}

for (const when of ['before', 'meanwhile'] as const) {
  const abortable = () => {
    const controller = new AbortController();
    const abort = () => controller.abort(new Error('stop'));
    if (when === 'before') abort();
    return { signal: controller.signal, abort };
  };

  test(`rejectOnAbort() throws the reason of a signal that is aborted ${when}`, async () => {
    const { signal, abort } = abortable();
    const raced = rejectOnAbort(new Promise(() => {}), signal);
    abort();
    await assert.rejects(raced, /stop/);
  });

  test(`resolveOnAbort() gives undefined for a signal that is aborted ${when}`, async () => {
    const { signal, abort } = abortable();
    const raced = resolveOnAbort(new Promise(() => {}), signal);
    abort();
    assert.equal(await raced, undefined);
  });
}
