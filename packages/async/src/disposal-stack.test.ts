import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { acquireAll, DisposalStack } from './disposal-stack.ts';

describe('DisposalStack', () => {
  test('disposes last first, each after the one before has ended', async () => {
    const order: string[] = [];
    const stack = new DisposalStack();
    stack.defer(() => order.push('first'));
    stack.defer(async () => {
      order.push('second begins');
      await nextTurn();
      order.push('second ends');
    });
    await stack.disposeAsync();
    assert.deepEqual(order, ['second begins', 'second ends', 'first']);
  });

  for (const failing of [0, 1, 2]) {
    test(`runs every disposer when number ${failing} fails, and throws its error`, async () => {
      const failure = new Error('cannot close');
      const run: number[] = [];
      const stack = new DisposalStack();
      for (const index of [0, 1, 2]) {
        stack.defer(() => {
          run.push(index);
          if (index === failing) throw failure;
        });
      }
      await assert.rejects(stack.disposeAsync(), (error) => error === failure);
      assert.deepEqual(run, [2, 1, 0]);
    });
  }

  test('joins several failures in the order in which they happened', async () => {
    const stack = new DisposalStack();
    stack.defer(() => Promise.reject(new Error('lock')));
    stack.defer(() => {
      throw 'socket';
    });
    await assert.rejects(stack.disposeAsync(), (error) => {
      assert.ok(error instanceof AggregateError);
      assert.equal(error.message, 'socket; lock');
      assert.equal(error.errors.length, 2);
      return true;
    });
  });

  test('a second disposal runs nothing again and waits for the first', async () => {
    let runs = 0;
    let ended = false;
    const stack = new DisposalStack();
    stack.defer(async () => {
      runs += 1;
      await nextTurn();
      ended = true;
    });
    const first = stack.disposeAsync();
    await stack[Symbol.asyncDispose]();
    assert.deepEqual({ runs, ended, disposed: stack.disposed }, { runs: 1, ended: true, disposed: true });
    await first;
  });

  test('use() takes resources of either kind and lets nothing through as nothing', async () => {
    const order: string[] = [];
    const stack = new DisposalStack();
    const resource = stack.use({ [Symbol.dispose]: () => void order.push('sync') });
    stack.use({ [Symbol.asyncDispose]: async () => void order.push('async') });
    assert.equal(stack.use(undefined), undefined);
    assert.equal(stack.use(null), null);
    assert.ok(Symbol.dispose in resource);
    await stack.disposeAsync();
    assert.deepEqual(order, ['async', 'sync']);
  });

  test('adopt() gives the value back and to its disposer', async () => {
    const released: string[] = [];
    const stack = new DisposalStack();
    assert.equal(
      stack.adopt('lock', (value) => released.push(value)),
      'lock',
    );
    await stack.disposeAsync();
    assert.deepEqual(released, ['lock']);
  });

  test('move() hands everything to a new stack and leaves the old one disposed', async () => {
    const order: string[] = [];
    const stack = new DisposalStack();
    stack.defer(() => order.push('released'));
    const moved = stack.move();
    await stack.disposeAsync();
    assert.deepEqual(order, []);
    assert.equal(stack.disposed, true);
    assert.equal(moved.disposed, false);
    await moved.disposeAsync();
    assert.deepEqual(order, ['released']);
  });

  test('refuses additions and moves once it is disposed or moved', async () => {
    for (const stack of [new DisposalStack(), new DisposalStack()]) {
      const end = stack.disposeAsync();
      assert.throws(() => stack.defer(() => {}), ReferenceError);
      assert.throws(() => stack.adopt(1, () => {}), ReferenceError);
      assert.throws(() => stack.move(), ReferenceError);
      await end;
    }
  });

  test('await using disposes it at the end of the block', async () => {
    const order: string[] = [];
    {
      await using stack = new DisposalStack();
      stack.defer(() => order.push('released'));
      order.push('used');
    }
    assert.deepEqual(order, ['used', 'released']);
  });
});

describe('acquireAll()', () => {
  const unexpected = (error: unknown): never => assert.fail(`reported ${error}`);

  test('gives the result, with what it moved still held', async () => {
    const released: string[] = [];
    const held = await acquireAll(async (stack) => {
      stack.defer(() => released.push('kept'));
      return stack.move();
    }, unexpected);
    assert.deepEqual(released, []);
    await held.disposeAsync();
    assert.deepEqual(released, ['kept']);
  });

  test('releases what was acquired before the failure, and throws that failure unchanged', async () => {
    const failure = new Error('cannot open');
    const released: string[] = [];
    const attempt = acquireAll(async (stack) => {
      stack.defer(() => released.push('first'));
      stack.defer(() => released.push('second'));
      throw failure;
    }, unexpected);
    await assert.rejects(attempt, (error) => error === failure);
    assert.deepEqual(released, ['second', 'first']);
  });

  test('reports a failed clean-up beside the failure that it must not hide', async () => {
    const failure = new Error('cannot open');
    const cleanUpFailure = new Error('cannot close');
    const reported: unknown[] = [];
    const attempt = acquireAll(
      async (stack) => {
        stack.defer(() => Promise.reject(cleanUpFailure));
        throw failure;
      },
      (error) => reported.push(error),
    );
    await assert.rejects(attempt, (error) => error === failure);
    assert.deepEqual(reported, [cleanUpFailure]);
  });

  test('after a success, throws the failure to release what was not moved', async () => {
    const cleanUpFailure = new Error('cannot close');
    const attempt = acquireAll(async (stack) => {
      stack.defer(() => Promise.reject(cleanUpFailure));
    }, unexpected);
    await assert.rejects(attempt, (error) => error === cleanUpFailure);
  });
});
