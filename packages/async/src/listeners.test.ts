import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createListeners } from './listeners.ts';

const unexpected = (error: unknown): never => assert.fail(`reported ${error}`);

test('notify() calls all listeners in order, with its arguments', () => {
  const listeners = createListeners<[string, number]>(unexpected);
  const calls: unknown[] = [];
  listeners.add((...args) => calls.push(['first', ...args]));
  listeners.add((...args) => calls.push(['second', ...args]));
  listeners.notify('a', 1);
  assert.deepEqual(calls, [
    ['first', 'a', 1],
    ['second', 'a', 1],
  ]);
});

test('notify() reports the error of a listener and still calls the others', () => {
  const reported: unknown[] = [];
  const listeners = createListeners<[string]>((...facts) => reported.push(facts));
  const failure = new Error('mine');
  const calls: string[] = [];
  listeners.add(() => {
    throw failure;
  });
  listeners.add((id) => calls.push(id));
  listeners.notify('plugin');
  assert.deepEqual(calls, ['plugin']);
  assert.deepEqual(reported, [[failure, 'plugin']]);
});

test('a listener that is removed is not called, also when another one removes it meanwhile', () => {
  const listeners = createListeners<[]>(unexpected);
  const calls: string[] = [];
  listeners.add(() => {
    calls.push('first');
    removeSecond();
    listeners.add(() => calls.push('added meanwhile'));
  });
  const removeSecond = listeners.add(() => calls.push('second'));
  listeners.notify();
  assert.deepEqual(calls, ['first']);
  removeSecond();
  assert.equal(listeners.size, 2);
});

test('a function that is added twice is called twice, and each removal ends one of them', () => {
  const listeners = createListeners<[]>(unexpected);
  let calls = 0;
  const listener = () => {
    calls += 1;
  };
  const remove = listeners.add(listener);
  listeners.add(listener);
  listeners.notify();
  remove();
  listeners.notify();
  assert.equal(calls, 3);
});
