import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { OutboardError } from '@outboard/oci';
import { waitForSocket } from './wait-for-socket.ts';

/** A wait whose attempts all fail, until `accepts` is set. */
function startWait(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-wait-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'plugin.sock');
  const wait = { attempts: 0, accepts: false };
  const { signal } = new AbortController();
  const ready = waitForSocket(path, {
    signal,
    onRefused: () => undefined,
    async connect() {
      wait.attempts += 1;
      if (wait.accepts) return new Socket();
      throw new OutboardError('unavailable', 'connection refused');
    },
  });
  return { path, wait, ready };
}

test('a socket that appears late and is not listened to yet is tried again at once, not after a long pause', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { path, wait, ready } = startWait(context);
  for (const pauseMs of [2, 4, 8, 16, 32, 64, 100]) {
    await setImmediate();
    context.mock.timers.tick(pauseMs);
  }
  await setImmediate();
  const { attempts } = wait;
  assert.equal(attempts, 8);
  symlinkSync('/nowhere', path); // one event
  while (wait.attempts === attempts) await setImmediate();
  await setImmediate();
  wait.accepts = true;
  context.mock.timers.tick(2);
  await setImmediate();
  assert.equal(wait.attempts, attempts + 2);
  await ready;
});
