/**
 * Held volumes that are not mounted when the next holder comes: the driver miscounts, or the mount is gone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import { openLedger } from '../testing/ledger-fixture.ts';

test('a driver that counted below zero is called until it mounts', async (context) => {
  const { driver, mount, unmount } = await openLedger(context);
  await mount('data', 'a');
  await unmount('data', 'a');
  // As Docker Engine does after a crash of the plugin.
  await assert.rejects(driver.calls.unmount('data', 'x'));
  assert.deepEqual(driver.seen, ['Mount data a', 'Unmount data a', 'Unmount data x']);
  await mount('data', 'b');
  assert.ok(driver.mounts.has('data'), 'the holder got an unmounted directory');
  await unmount('data', 'b');
  assert.ok(!driver.mounts.has('data'), 'the driver has counted a mount too many');
});

test('a held mount that died under a living driver is made anew for the next holder', async (context) => {
  const { driver, mount, holders } = await openLedger(context);
  await mount('data', 'a');
  driver.mounts.delete('data'); // the server of its file system was killed
  await mount('data', 'b');
  assert.ok(driver.mounts.has('data'));
  assert.deepEqual(holders(), ['data/a 1', 'data/b 1']);
});

test('a mount whose plugin ends before it is checked is checked again, and not made twice', async (context) => {
  const { driver, mount, holders } = await openLedger(context);
  const ended = { code: 'plugin-connection-lost' };
  driver.checkFailures.push(new OutboardError('unavailable', 'the plugin does not run', ended));
  assert.equal(await mount('data', 'a'), '/mnt/data');
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.deepEqual(holders(), ['data/a 1']);
  const refused = new OutboardError('system', 'no');
  driver.checkFailures.push(refused);
  await assert.rejects(mount('free', 'b'), refused);
  assert.deepEqual(driver.seen, ['Mount free b', 'Unmount free b']);
});

test('a directory in place of a mount is an error when the driver cannot be brought to mount', async (context) => {
  const { driver, mount, unmount, holders } = await openLedger(context);
  await mount('data', 'a');
  await unmount('data', 'a');
  context.mock.method(driver.mounts, 'set', () => driver.mounts);
  await assert.rejects(mount('data', 'b'), {
    code: 'mount-lost',
    message: /reports "\/mnt\/data" for volume "data", where nothing is mounted/,
  });
  assert.deepEqual(holders(), []);
});
