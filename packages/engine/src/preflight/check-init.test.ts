import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkInit } from './check-init.ts';

test('a missing init is reported with the package to install and the option to turn off', async () => {
  const [finding, ...others] = await checkInit('acme/p:1', ['no-such-init']);
  assert.deepEqual(others, []);
  assert.deepEqual([finding?.what, finding?.concerns, finding?.isFatal], ['init', 'host', true]);
  assert.match(finding?.why ?? '', /^cannot find an init for plugins .*: install the Debian package "tini"$/);
  assert.equal(finding?.remedy, 'or let it start without: outboard update --no-init acme/p:1');
});
