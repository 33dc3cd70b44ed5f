import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MountUser } from '@outboard/container';
import { type Consumer, describeConsumer } from '../references/consumer.ts';
import { type HeldVolume, newHeldVolume, withHolder } from './held-volume.ts';
import { createMountUses } from './mount-uses.ts';

const alive = describeConsumer(process.pid);
const gone: Consumer = { ...alive, startTime: '1' };
const held = (consumer: Consumer): HeldVolume =>
  withHolder(newHeldVolume({ bootId: 'b', driver: 'p:latest', volume: 'data' }), {
    id: 'x',
    since: new Date(0),
    consumer,
  });
const process_ = (more: object): MountUser => ({
  kind: 'process',
  process: { pid: 812, startTime: '1', program: 'nginx', ...more },
});
const container = '3f2a5b1c9d0e'.padEnd(64, '0');

for (const [users, note] of [
  [[], 'nothing uses it'],
  [[process_({})], 'used by nginx with pid 812'],
  [[process_({ container }), process_({ container, pid: 813 })], 'used by container 3f2a5b1c9d0e'],
  [[process_({ unit: 'web.service' })], 'used by nginx of unit web.service'],
  [[{ kind: 'bind', mountPoint: '/srv/\u00c3\u00a9' }], 'used by a mount at /srv/é'],
  [
    [1, 2, 3, 4, 5].map((pid) => process_({ pid })),
    'used by nginx with pid 1 and nginx with pid 2 and nginx with pid 3 and 2 more',
  ],
] as const satisfies readonly (readonly [readonly MountUser[], string])[]) {
  test(`look() notes "${note}"`, async () => {
    const uses = createMountUses(async () => users);
    assert.equal(uses.noteOf(held(gone)), undefined);
    await uses.look([held(gone)]);
    assert.equal(uses.noteOf(held(gone)), note);
    assert.equal(await uses.isUnused(held(gone)), users.length === 0);
  });
}

test('look() starts nothing while all processes run, nor for mounts by hand', async () => {
  const uses = createMountUses(async () => assert.fail('it has looked'));
  await uses.look([held(alive), held({ ...gone, isByHand: true })]);
  assert.equal(uses.noteOf(held(alive)), undefined);
});

test('a volume whose users cannot be known counts as used, and nothing is said about it', async () => {
  let fails = false;
  const uses = createMountUses(async () => (fails ? Promise.reject(new Error('no answer')) : []));
  assert.equal(await uses.isUnused(held(gone)), true);
  fails = true;
  assert.equal(await uses.isUnused(held(gone)), false);
  assert.equal(uses.noteOf(held(gone)), undefined);
});
