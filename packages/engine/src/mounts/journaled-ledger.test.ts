/**
 * Holders of volumes: when the driver is called for them, and what they are after a call that failed.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import { refusal } from '../testing/counting-driver.ts';
import { openLedger } from '../testing/ledger-fixture.ts';

test('the driver mounts for the first holder and unmounts after the last, with the ID of the first', async (context) => {
  const { driver, mount, unmount, holders } = await openLedger(context);
  assert.equal(await mount('data', 'a'), '/mnt/data');
  assert.equal(await mount('data', 'b'), '/mnt/data');
  assert.equal(await mount('data', 'b'), '/mnt/data'); // docker cp
  assert.deepEqual(holders(), ['data/a 1', 'data/b 2']);
  assert.ok(await unmount('data', 'a'));
  assert.ok(await unmount('data', 'b'));
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.ok(await unmount('data', 'b'));
  assert.deepEqual(driver.seen, ['Unmount data a']);
  assert.deepEqual(holders(), []);
});

test('an option of the plugin lets every mount reach the driver', async (context) => {
  const { driver, mount, unmount } = await openLedger(context, 'each');
  for (const id of ['a', 'b', 'b']) await mount('data', id);
  for (const id of ['b', 'a', 'b']) await unmount('data', id);
  assert.deepEqual(driver.seen, [
    'Mount data a',
    'Mount data b',
    'Mount data b',
    'Unmount data b',
    'Unmount data a',
    'Unmount data b',
  ]);
});

test('an unmount of an unknown ID succeeds and reaches nobody', async (context) => {
  const { driver, mount, unmount, holders } = await openLedger(context);
  assert.equal(await unmount('data', 'a'), false);
  await mount('data', 'a');
  assert.equal(await unmount('data', 'b'), false);
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.deepEqual(holders(), ['data/a 1']);
});

test('a mount that the driver refuses counts nothing and is not undone', async (context) => {
  const { driver, mount, holders, directory } = await openLedger(context);
  driver.failure = refusal('device is busy');
  await assert.rejects(mount('data', 'a'), { message: 'device is busy' });
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.deepEqual(holders(), []);
  assert.deepEqual(readdirSync(directory), []);
});

test('a mount whose answer was lost, and one whose caller has left, is undone', async (context) => {
  const { driver, mount, holders } = await openLedger(context);
  driver.failure = new OutboardError('unavailable', 'timed out', { code: 'plugin-timeout' });
  await assert.rejects(mount('data', 'a'), { code: 'plugin-timeout' });
  assert.deepEqual(driver.seen, ['Mount data a', 'Unmount data a']);
  driver.failure = undefined;
  driver.crash();
  const caller = new AbortController();
  driver.during = () => caller.abort(new Error('the caller has left'));
  await assert.rejects(mount('data', 'a', caller.signal), { message: 'the caller has left' });
  assert.deepEqual(driver.seen, ['Mount data a', 'Unmount data a']);
  assert.deepEqual(holders(), []);
});

test('a holder stays when the driver cannot unmount', async (context) => {
  const { driver, mount, unmount, holders } = await openLedger(context);
  await mount('data', 'a');
  driver.failure = refusal('device is busy');
  await assert.rejects(unmount('data', 'a'), { message: 'device is busy' });
  assert.deepEqual(holders(), ['data/a 1']);
  driver.failure = undefined;
  driver.crash();
  await mount('data', 'b');
  assert.deepEqual(holders(), ['data/a 1', 'data/b 1']);
});

test('a holder can leave when the driver has lost its mount', async (context) => {
  const { driver, mount, unmount, holders } = await openLedger(context);
  await mount('data', 'a');
  driver.crash();
  assert.ok(await unmount('data', 'a'));
  assert.deepEqual(holders(), []);
});

test('the holders of a plugin that was disabled or removed leave without a call', async (context) => {
  const { driver, mount, ledger, holders } = await openLedger(context);
  await mount('data', 'a');
  const request = { driver: 'acme/p:latest', volume: 'data', id: 'a' };
  assert.ok(await ledger.unmount(request, async () => undefined, {}));
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.deepEqual(holders(), []);
});
