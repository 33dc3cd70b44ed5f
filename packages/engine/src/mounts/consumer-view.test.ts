import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { describeConsumer } from '../references/consumer.ts';
import { requireVisibleTo } from './consumer-view.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root to mount';

/** A process in a mount namespace of its own, which ends with the test. */
async function startInNamespace(context: TestContext, propagation: 'slave' | 'private'): Promise<number> {
  const args = ['--mount', '--propagation', propagation, 'sh', '-c', 'echo ready; exec cat'];
  const child: ChildProcess = spawn('unshare', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  context.after(async () => {
    child.stdin?.end();
    await ended;
  });
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child.pid ?? assert.fail('no process');
}

test('requireVisibleTo() refuses a consumer that does not see the mount, and no other', {
  skip,
}, async (context) => {
  const home = await mkdtemp(join(tmpdir(), 'ob-view-'));
  const [volume, plain] = [join(home, 'volume'), join(home, 'plain')];
  for (const directory of [volume, plain]) await mkdir(directory);
  execFileSync('mount', ['--bind', home, home]);
  execFileSync('mount', ['--make-shared', home]);
  context.after(async () => {
    execFileSync('umount', ['--recursive', home]);
    await rm(home, { recursive: true });
  });
  const apart = await startInNamespace(context, 'private');
  const following = await startInNamespace(context, 'slave');
  execFileSync('mount', ['-t', 'tmpfs', 'volume', volume]);
  await requireVisibleTo(describeConsumer(process.pid), volume);
  await requireVisibleTo(describeConsumer(following), volume);
  await requireVisibleTo(describeConsumer(apart), plain);
  await requireVisibleTo({ isByHand: false }, volume);
  await assert.rejects(requireVisibleTo(describeConsumer(apart), volume), {
    kind: 'conflict',
    code: 'mount-not-visible',
    message: new RegExp(`is another file system for cat \\(pid ${apart}.*slave propagation$`),
  });
});
