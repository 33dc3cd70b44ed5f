import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { watchCommand } from './watch-command.ts';

async function start(context: TestContext) {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  await once(child, 'spawn');
  context.after(() => child.kill('SIGKILL'));
  return child;
}

test('watchCommand() reports the end of its process only', async (context) => {
  const child = await start(context);
  let looks = 0;
  let hasEnded = false;
  // crun makes the file first, and writes the pid into it later.
  const readPid = () => {
    looks += 1;
    if (looks === 3) child.kill('SIGKILL');
    return looks < 3 ? undefined : child.pid;
  };
  await new Promise<void>((resolve) => {
    watchCommand(readPid, () => {
      hasEnded = true;
      resolve();
    });
    assert.equal(hasEnded, false);
  });
  assert.ok(looks >= 3, `${looks} looks`);
});

test('watchCommand() reports a process that has ended already', async (context) => {
  const child = await start(context);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await new Promise<void>((resolve) => watchCommand(() => child.pid, resolve));
});
