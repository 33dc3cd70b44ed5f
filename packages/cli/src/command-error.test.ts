import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { CommandError, DaemonError, describeFailure } from './command-error.ts';

test('describeFailure() puts a failed call of Node.js in words', async () => {
  const failure = await readFile('/nonexistent/file').catch((error: unknown) => error);
  assert.equal(describeFailure(failure), 'cannot open "/nonexistent/file": no such file or directory');
  const pathless = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });
  assert.equal(describeFailure(pathless), 'cannot read: i/o error');
});

test('describeFailure() keeps every other message', () => {
  for (const error of [new Error('other'), new CommandError('own'), new DaemonError(404, 'page not found')]) {
    assert.equal(describeFailure(error), error.message);
  }
  assert.equal(describeFailure('text'), 'text');
});
