/**
 * The journal of holders: a later process, one that was killed, a removed driver, a damaged file.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLedger, remounting } from '../testing/ledger-fixture.ts';

test('a later process has the holders, and one of another boot has none', async (context) => {
  const { driver, mount, unmount, holders, reopen } = await openLedger(context);
  for (const id of ['a', 'b', 'b']) await mount('data', id);
  await reopen();
  assert.deepEqual(holders(), ['data/a 1', 'data/b 2']);
  for (const id of ['a', 'b', 'b']) await unmount('data', id);
  assert.deepEqual(driver.seen, ['Mount data a', 'Unmount data a']);
  await mount('data', 'a');
  await reopen({ bootId: 'boot 2' });
  assert.deepEqual(holders(), []);
});

for (const method of ['Mount', 'Unmount'] as const) {
  test(`a process that is killed around ${method} forgets no mount and counts none that is not`, async (context) => {
    const subject = await openLedger(context);
    const { driver, mount, unmount, reopen, holders, directory } = subject;
    for (const isDone of [false, true]) {
      const copy = `${directory}-${isDone}`;
      if (method === 'Unmount') await mount('data', 'a');
      driver.during = async (call) => {
        if (!call.startsWith(method)) return;
        driver.during = () => undefined;
        await cp(directory, copy, { recursive: true }); // all that a killed process leaves
      };
      await (method === 'Mount' ? mount('data', 'a') : unmount('data', 'a'));
      const wasMounted = method === 'Unmount';
      // The driver has seen the call, or it was killed before.
      if (isDone === wasMounted) driver.crash();
      const later = await reopen({ directory: copy });
      assert.deepEqual(later.idsOf('acme/p:latest', 'data'), ['a'], 'the plugin counts as unused');
      await later.remount(driver, remounting);
      assert.deepEqual(holders(), []);
      assert.ok(!driver.mounts.has('data'), 'a mount that nobody holds is left');
      await subject.reopen({ directory });
      driver.crash();
      await unmount('data', 'a');
      driver.crash();
    }
  });
}

test('the holders of a removed driver are forgotten', async (context) => {
  const { mount, ledger, holders, directory } = await openLedger(context);
  await mount('data', 'a');
  await ledger.forgetDriver('acme/p:latest');
  assert.deepEqual(holders(), []);
  assert.deepEqual(readdirSync(directory), []);
});

test('a damaged file of the journal is set aside', async (context) => {
  const { mount, directory, reopen, holders } = await openLedger(context);
  await mount('data', 'a');
  const [name = ''] = readdirSync(directory);
  await cp('/etc/hostname', join(directory, name));
  await reopen();
  assert.deepEqual(holders(), []);
  assert.deepEqual(readdirSync(directory), [`${name}.damaged`]);
});
