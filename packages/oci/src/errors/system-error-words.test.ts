import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { describeErrorCode, describeSystemError } from './system-error-words.ts';

test('describeErrorCode() has words, and remedies', () => {
  assert.equal(describeErrorCode('EACCES'), 'EACCES, permission denied');
  assert.match(describeErrorCode('EROFS'), /^EROFS, the file system is read-only: .*mount -o remount,rw$/);
  assert.match(describeErrorCode('EMFILE'), /LimitNOFILE=/);
  assert.equal(describeErrorCode('EUNKNOWN'), 'EUNKNOWN');
});

test('describeSystemError() describes the failed calls of Node.js only', async () => {
  const error = await readFile('/nonexistent/file').catch((failure: unknown) => failure);
  assert.equal(
    describeSystemError(error),
    'cannot open "/nonexistent/file": ENOENT, no such file or directory',
  );
  assert.equal(describeSystemError(new Error('other')), undefined);
  assert.equal(describeSystemError(Object.assign(new Error('x'), { code: 'ENOENT' })), undefined);
  assert.equal(describeSystemError('ENOENT'), undefined);
});
