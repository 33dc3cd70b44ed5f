import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SerialQueue } from './serial-queue.ts';

/** A promise that the test resolves. */
interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function createGate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test('SerialQueue runs tasks of one key in order, also after a failure', async () => {
  const queue = new SerialQueue();
  const gate = createGate();
  const order: string[] = [];
  const first = queue.run('v', async () => {
    await gate.opened;
    order.push('first');
    throw new Error('broken');
  });
  const second = queue.run('v', async () => {
    order.push('second');
    return 'done';
  });
  gate.open();
  await assert.rejects(first, /broken/);
  assert.equal(await second, 'done');
  assert.deepEqual(order, ['first', 'second']);
});

test('SerialQueue runs tasks of different keys in parallel', async () => {
  const queue = new SerialQueue();
  const gate = createGate();
  const blocked = queue.run('v', () => gate.opened);
  assert.equal(await queue.run('w', async () => 'other'), 'other');
  gate.open();
  await blocked;
});

test('SerialQueue is idle once all tasks have ended, including those queued meanwhile', async () => {
  const queue = new SerialQueue();
  let ended = 0;
  const first = queue.run('v', async () => {
    void queue.run('w', async () => {
      ended++;
    });
    ended++;
  });
  await queue.idle();
  await first;
  assert.equal(ended, 2);
});
