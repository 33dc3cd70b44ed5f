import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { watchEvents } from './event-watch.ts';

test('watchEvents() resolves each wait by the next event, whichever it is', async () => {
  const emitter = new EventEmitter();
  using watch = watchEvents(emitter, ['readable', 'end'], 60_000);
  for (const name of ['readable', 'readable', 'end']) {
    const event = watch.next();
    emitter.emit(name);
    assert.equal(await event, true);
  }
});

test('watchEvents() does not count an event between two waits', async () => {
  const emitter = new EventEmitter();
  using watch = watchEvents(emitter, ['readable'], 5);
  emitter.emit('readable');
  assert.equal(await watch.next(), false);
});

test('watchEvents() limits each wait, also when the limit passed between two', async () => {
  const emitter = new EventEmitter();
  using watch = watchEvents(emitter, ['readable'], 5);
  assert.equal(await watch.next(), false);
  await setTimeout(10); // the timer fires, and nothing waits
  const event = watch.next();
  emitter.emit('readable');
  assert.equal(await event, true);
  assert.equal(await watch.next(), false);
});

test('watchEvents() leaves no listener and no timer', () => {
  const emitter = new EventEmitter();
  const timersBefore = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  watchEvents(emitter, ['readable', 'end'], 60_000)[Symbol.dispose]();
  assert.deepEqual(emitter.eventNames(), []);
  assert.equal(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, timersBefore);
});
