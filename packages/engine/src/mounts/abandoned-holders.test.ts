import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Consumer, describeConsumer } from '../references/consumer.ts';
import { commandMs, type HeldBy, HolderWatch, releasableHolders, unusedMs } from './abandoned-holders.ts';
import { newHeldVolume, withHolder } from './held-volume.ts';

const since = new Date('2026-08-01T12:00:00Z');
const at = (ms: number) => new Date(since.getTime() + ms);
const alive: Consumer = describeConsumer(process.pid);
const gone: Consumer = { ...alive, startTime: '1' };
const podmanId = '2f73349cfc4630255319c6c8dfc1b46a8996ace9d14d8e07563b165915918ec2';

/** The holders of a volume, by ID and consumer. */
function heldBy(id: string, consumer?: Consumer): readonly HeldBy[] {
  const empty = newHeldVolume({ bootId: 'b', driver: 'p:latest', volume: 'data' });
  return releasableHolders([withHolder(empty, { id, since, consumer })]);
}

test('a holder whose process lasted, and has crashed, is abandoned when nothing has used its volume for a minute', () => {
  const watch = new HolderWatch();
  assert.deepEqual(watch.note(heldBy('x', alive), at(commandMs)), []);
  // The same holder once its process has ended: an ID of a process is that of the consumer.
  const [ended] = heldBy('x', alive);
  assert.ok(ended);
  assert.equal(watch.isAbandoned(ended, true, at(0)), false);
  assert.equal(watch.isAbandoned(ended, true, at(unusedMs - 1)), false);
  assert.equal(watch.isAbandoned(ended, false, at(unusedMs)), false);
  assert.equal(watch.isAbandoned(ended, true, at(unusedMs)), false, 'it was used in between');
  assert.equal(watch.isAbandoned(ended, true, at(2 * unusedMs)), true);
});

for (const [what, holders] of [
  ['by hand', heldBy('web', { ...gone, isByHand: true })],
  ['of Podman, which counts by itself', heldBy(podmanId, gone)],
  ['without a consumer', heldBy('x')],
  ['of a process that was never seen', heldBy('x', { pid: 4_000_000, isByHand: false })],
  ['over TCP', heldBy('x', { isByHand: false })],
] as const) {
  test(`a holder ${what} is never released`, () => assert.deepEqual(holders, []));
}

test('a holder whose process is gone before it could be told from a command is never abandoned', () => {
  const watch = new HolderWatch();
  assert.deepEqual(watch.note(heldBy('x', alive), at(commandMs - 1)), []);
  for (const ms of [0, commandMs, 100 * commandMs]) {
    assert.deepEqual(watch.note(heldBy('x', gone), at(ms)), []);
  }
});

test('a holder that mounts again is another one', () => {
  const watch = new HolderWatch();
  watch.note(heldBy('x', alive), at(commandMs));
  const [one] = heldBy('x', alive);
  assert.ok(one);
  watch.isAbandoned(one, true, at(0));
  const again = { ...one, holder: { ...one.holder, count: 2 } };
  watch.note([again], at(unusedMs));
  assert.equal(watch.isAbandoned(again, true, at(unusedMs)), false);
});
