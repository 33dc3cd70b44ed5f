import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import { test } from 'node:test';
import { nextTurn, withResolvers } from '@outboard/async';
import { isOutboardError } from '@outboard/oci';
import { openServedFile } from './open-served-file.ts';

/** The descriptor is gone a moment before the open that held all others is over. */
async function onceNothingWaits(open: () => Promise<FileHandle>): Promise<FileHandle> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!isOutboardError(error) || error.code !== 'silent-file-system') throw error;
      await nextTurn();
    }
  }
}

test('I14 one open waits for a file system that does not answer, and others are refused at once', async () => {
  const answer = withResolvers<FileHandle>();
  const silent = openServedFile('/silent', { open: () => answer.promise, answerMs: 20 });
  let calls = 0;
  const count = () => {
    calls += 1;
    return open('/dev/null');
  };
  const other = openServedFile('/other', { open: count });
  await assert.rejects(silent, { code: 'silent-file-system', message: /"\/silent": its file system/ });
  await assert.rejects(other, { code: 'silent-file-system', message: /"\/other": another file system/ });
  assert.equal(calls, 0);
  // It answers at last: its handle is closed, and others are opened again.
  const late = await open('/dev/null');
  answer.resolve(late);
  while (late.fd >= 0) await nextTurn();
  await (await onceNothingWaits(() => openServedFile('/other', { open: count }))).close();
  assert.equal(calls, 1);
});

test('openServedFile() tells errors of the open, and ends with its signal', async () => {
  const failure = new Error('no such file');
  await assert.rejects(openServedFile('/x', { open: () => Promise.reject(failure) }), failure);
  const reason = new Error('the caller left');
  const signal = AbortSignal.abort(reason);
  await assert.rejects(openServedFile('/x', { open: () => open('/dev/null'), signal }), reason);
});
