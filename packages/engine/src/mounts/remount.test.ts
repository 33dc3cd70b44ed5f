/**
 * Mounts that are made again after the process of a plugin has ended.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import { refusal } from '../testing/counting-driver.ts';
import { openLedger, remounting } from '../testing/ledger-fixture.ts';

test('held mounts that died with the process of the plugin are made again with their IDs, others stay', async (context) => {
  const { driver, mount, ledger, unmount } = await openLedger(context);
  for (const id of ['a', 'b']) await mount('data', id);
  await mount('free', 'c');
  await unmount('free', 'c');
  assert.equal(driver.seen.length, 3);
  driver.crash();
  const results = await ledger.remount(driver, remounting);
  assert.deepEqual(
    results.map(({ held, error }) => [held.volume, error]),
    [['data', undefined]],
  );
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.deepEqual(driver.revived, ['/mnt/data']);
  await ledger.remount(driver, remounting);
  assert.deepEqual(driver.seen, [], 'a living mount was touched');
  assert.equal(driver.revived.length, 1);
});

test('a kernel mount outlives its process, and is detached after the last holder when the driver forgot it', async (context) => {
  const { driver, mount, unmount, ledger } = await openLedger(context);
  await mount('data', 'a');
  driver.crash({ keepsMounts: true });
  await ledger.remount(driver, remounting);
  await mount('data', 'b');
  assert.deepEqual(driver.seen, ['Mount data a']);
  await unmount('data', 'a');
  await unmount('data', 'b').catch(() => undefined);
  assert.deepEqual(driver.seen, ['Unmount data a', 'detach /mnt/data']);
});

test('each call is made again for a driver that counts by itself', async (context) => {
  const { driver, mount, ledger } = await openLedger(context, 'each');
  for (const id of ['a', 'b', 'b']) await mount('data', id);
  driver.crash();
  assert.equal(driver.seen.length, 3);
  await ledger.remount(driver, remounting);
  assert.deepEqual(driver.seen, ['Mount data a', 'Mount data b', 'Mount data b']);
});

test('a driver that has forgotten a held volume gets it again', async (context) => {
  const { driver, mount, ledger } = await openLedger(context);
  await mount('data', 'a');
  driver.crash();
  driver.volumes.clear();
  assert.equal(driver.seen.length, 1);
  await ledger.remount(driver, { ...remounting, optionsOf: () => ({ size: '1' }) });
  assert.deepEqual(driver.seen, ['Create data {"size":"1"}', 'Mount data a']);
});

test('a driver that mounts again by itself is not called, and the reason is known until it does', async (context) => {
  const { driver, mount, ledger } = await openLedger(context);
  await mount('data', 'a');
  driver.crash();
  const [result] = await ledger.remount(driver, { mayCall: false });
  const [held] = ledger.held('acme/p:latest');
  assert.match(held?.failure ?? '', /nothing is mounted any more$/);
  assert.ok(result?.error instanceof OutboardError && result.error.code === 'mount-lost');
  assert.deepEqual(driver.seen, ['Mount data a']);
  await driver.calls.mount('data', 'by itself');
  await ledger.remount(driver, { mayCall: false });
  assert.equal(ledger.held('acme/p:latest')[0]?.failure, '');
});

test('the directory below is writable again for a last Unmount, and for a driver that cannot mount otherwise', async (context) => {
  const { driver, mount, unmount, ledger } = await openLedger(context);
  await mount('data', 'a');
  await mount('data', 'b');
  for (const message of ['no route to host', 'rmdir /mnt/data: Operation not permitted']) {
    assert.deepEqual(driver.exposed, []);
    driver.crash();
    driver.during = () => {
      throw refusal(message);
    };
    await ledger.remount(driver, remounting);
  }
  assert.deepEqual(driver.exposed.splice(0), ['/mnt/data']);
  driver.during = () => undefined;
  await ledger.remount(driver, remounting);
  await unmount('data', 'a');
  assert.deepEqual(driver.exposed, []);
  driver.during = () => assert.deepEqual(driver.exposed, ['/mnt/data']);
  await unmount('data', 'b');
  assert.deepEqual(driver.exposed, ['/mnt/data']);
});

test('a mount waits for a remount that is under way', async (context) => {
  const { driver, mount, ledger } = await openLedger(context);
  await mount('data', 'a');
  driver.crash();
  const remount = ledger.remount(driver, remounting);
  await Promise.all([mount('data', 'b'), remount]);
  assert.deepEqual(driver.seen, ['Mount data a', 'Mount data a']);
});
