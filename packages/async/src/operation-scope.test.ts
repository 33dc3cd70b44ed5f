import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOperationScope } from './operation-scope.ts';

/** Ends when its signal is aborted. */
function resolveOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

test('close() cancels what is under way, waits for its end, and refuses what comes after', async () => {
  const scope = createOperationScope(() => new Error('closed'));
  const ended: string[] = [];
  const running = scope.run(async (signal) => {
    try {
      await resolveOnAbort(signal);
    } finally {
      await Promise.resolve();
      ended.push('running');
    }
  });
  const refused = assert.rejects(running, /^Error: closed$/);
  await scope.close();
  assert.deepEqual(ended, ['running']);
  await refused;
  await assert.rejects(
    scope.run(async () => 'late'),
    /^Error: closed$/,
  );
});

test('run() passes the result on, and the abort of its caller', async () => {
  const scope = createOperationScope(() => new Error('closed'));
  assert.equal(await scope.run(async () => 'done'), 'done');
  const caller = new AbortController();
  const running = scope.run(resolveOnAbort, caller.signal);
  caller.abort(new Error('the client went away'));
  await assert.rejects(running, /the client went away/);
  await assert.rejects(scope.run(resolveOnAbort, caller.signal), /the client went away/);
  await scope.close();
});
