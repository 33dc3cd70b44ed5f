import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { firstEvent, waitForDrain } from './first-event.ts';

describe('firstEvent()', () => {
  test('gives the name of the first of several events, and leaves no listener', async () => {
    const emitter = new EventEmitter();
    const first = firstEvent(emitter, ['readable', 'error', 'close']);
    emitter.emit('error', new Error('it is one of the events'));
    emitter.emit('close');
    assert.equal(await first, 'error');
    assert.deepEqual(emitter.eventNames(), []);
  });

  test('gives undefined when its signal is aborted, and leaves no listener', async () => {
    const emitter = new EventEmitter();
    const controller = new AbortController();
    const first = firstEvent(emitter, ['close'], { signal: controller.signal });
    controller.abort();
    assert.equal(await first, undefined);
    assert.equal(await firstEvent(emitter, ['close'], { signal: controller.signal }), undefined);
    assert.deepEqual(emitter.eventNames(), []);
  });
});

describe('waitForDrain()', () => {
  const fullStream = (): PassThrough => {
    const stream = new PassThrough({ highWaterMark: 1 });
    stream.on('error', () => {});
    assert.equal(stream.write('more than it buffers'), false);
    return stream;
  };
  const listenersOf = (stream: PassThrough) => ['drain', 'close'].map((name) => stream.listenerCount(name));

  test('is true once there is room', async () => {
    const stream = fullStream();
    const before = listenersOf(stream);
    const drained = waitForDrain(stream);
    stream.resume();
    assert.equal(await drained, true);
    assert.deepEqual(listenersOf(stream), before);
  });

  test('is true at once when there is room already', async () => {
    assert.equal(await waitForDrain(new PassThrough()), true);
  });

  for (const [name, end] of [
    ['closes', (stream: PassThrough) => stream.destroy()],
    ['fails', (stream: PassThrough) => stream.destroy(new Error('broken pipe'))],
  ] as const) {
    test(`is false when the stream ${name}, and at once when it did before`, async () => {
      const stream = fullStream();
      const drained = waitForDrain(stream);
      end(stream);
      assert.equal(await drained, false);
      assert.equal(await waitForDrain(stream), false);
    });
  }

  test('is false when its signal is aborted', async () => {
    const controller = new AbortController();
    const drained = waitForDrain(fullStream(), { signal: controller.signal });
    controller.abort();
    assert.equal(await drained, false);
    assert.equal(await waitForDrain(fullStream(), { signal: controller.signal }), false);
  });
});
