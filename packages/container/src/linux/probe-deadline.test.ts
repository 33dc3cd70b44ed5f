import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { createProbeDeadline, type ProbeDeadlineOptions } from './probe-deadline.ts';

/** Reason of the deadline of a shell command. */
async function reasonOf(
  context: TestContext,
  script: string,
  options: ProbeDeadlineOptions,
): Promise<string> {
  const child = spawn('sh', ['-c', script], { stdio: 'ignore', detached: true });
  await once(child, 'spawn');
  const { pid = 0 } = child;
  context.after(() => process.kill(-pid, 'SIGKILL'));
  const deadline = createProbeDeadline({ intervalMs: 10, ...options });
  const unwatch = deadline.watch(pid);
  await once(deadline.expired, 'abort');
  unwatch();
  return deadline.expired.reason.message;
}

for (const [name, script] of [
  ['sleeps', 'exec sleep 1000'],
  ['is stopped', 'kill -STOP $$'],
] as const) {
  test(`a process that ${name} does not answer`, async (context) => {
    assert.equal(await reasonOf(context, script, { idleMs: 50 }), 'its file system does not answer');
  });
}

test('a process with progress is given up at the upper bound only', async (context) => {
  const reason = await reasonOf(context, 'while :; do :; done', { idleMs: 20, totalMs: 500 });
  assert.equal(reason, 'looking at it took more than 0.5 s');
});

test('a process that is no longer watched spends no time, and keeps no timer', async () => {
  const deadline = createProbeDeadline({ idleMs: 10, intervalMs: 5 });
  deadline.watch(process.pid)();
  assert.equal(deadline.expired.aborted, false);
});
