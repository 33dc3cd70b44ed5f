import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { MountUser } from '@outboard/container';
import { describeConsumer } from '../references/consumer.ts';
import { openFixture } from '../testing/volumes-fixture.ts';

const { signal } = new AbortController();
const minute = 60_000;

/** A volume that a process holds, and the time. */
async function openHeld(context: TestContext, count = 1) {
  let now = new Date('2026-01-02T03:04:05Z');
  const users: MountUser[] = [];
  const opened = await openFixture(context, { now: () => now, findUsers: async () => users });
  const acme = await opened.driver('acme/p:latest');
  acme.volumes.add('data');
  const child = spawn('sleep', ['60']);
  context.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const consumer = describeConsumer(child.pid ?? 0);
  for (let mount = 0; mount < count; mount += 1) {
    await opened.volumes.mount('data', 'x', { driver: acme.name, consumer });
  }
  return {
    ...opened,
    acme,
    users,
    child,
    /** Look after a time. */
    async later(ms: number) {
      now = new Date(now.getTime() + ms);
      await opened.volumes.abandoned.look(signal);
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('a volume is released a minute after nothing uses it, if its process lasted and has crashed', async (context) => {
  const { acme, announced, child, holders, later } = await openHeld(context, 2);
  await later(minute);
  await kill(child);
  await later(minute);
  assert.deepEqual(holders(acme), ['data/x']);
  await later(minute - 1);
  assert.deepEqual(holders(acme), ['data/x']);
  await later(1);
  assert.deepEqual(holders(acme), []);
  assert.deepEqual(
    acme.calls.filter((call) => call.startsWith('Unmount')),
    ['Unmount data'],
  );
  assert.equal(announced.at(-1)?.action, 'unmount');
});

test('a volume that anything uses stays, and its reference says by whom', async (context) => {
  const { acme, child, holders, later, users, volumes } = await openHeld(context);
  await later(minute);
  await kill(child);
  users.push({ kind: 'bind', mountPoint: '/srv' });
  for (let look = 0; look < 5; look += 1) await later(minute);
  assert.deepEqual(holders(acme), ['data/x']);
  assert.equal(volumes.referencesOf(acme.name)[0]?.note, 'used by a mount at /srv');
  users.pop();
  await volumes.lookAtUses(acme.name);
  assert.equal(volumes.referencesOf(acme.name)[0]?.note, 'nothing uses it');
});

test('a volume of a command that ended right after its mount stays', async (context) => {
  const { acme, child, holders, later } = await openHeld(context);
  await kill(child);
  for (let look = 0; look < 5; look += 1) await later(minute);
  assert.deepEqual(holders(acme), ['data/x']);
});

test('a volume that its driver does not unmount stays, and is tried again', async (context) => {
  const { acme, child, holders, later } = await openHeld(context);
  await later(minute);
  await kill(child);
  acme.answers.set('Unmount', () => ({ Err: 'busy' }));
  await later(minute);
  await later(minute);
  assert.deepEqual(holders(acme), ['data/x']);
  acme.answers.delete('Unmount');
  await later(minute);
  assert.deepEqual(holders(acme), []);
});
