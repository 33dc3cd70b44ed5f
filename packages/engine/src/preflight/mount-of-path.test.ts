import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalCapability, hostMounts } from '@outboard/container';
import { allCapabilities, parseCapabilitySet } from './capability-set.ts';
import { mountOfPath } from './mount-of-path.ts';

const table = hostMounts.parse(
  [
    '1 0 8:1 / / rw - ext4 d rw',
    '2 1 8:2 / /srv rw - ext4 d rw',
    '3 2 8:3 / /srv/data rw - ext4 d rw',
    '4 1 8:4 / /srv rw - xfs d rw',
    String.raw`5 1 8:5 / /caf\303\251 rw - ext4 d rw`,
  ].join('\n'),
);

for (const [path, id] of [
  ['/', 1],
  ['/srvother', 1],
  ['/srv', 4],
  ['/srv/x', 4],
  ['/srv/data/x', 3],
  ['/café/x', 5],
] as const) {
  test(`mountOfPath() finds what ${path} lies on`, () => assert.equal(mountOfPath(table, path)?.id, id));
}

test('the capabilities of the kernel are those that a config may name', () => {
  assert.equal(new Set(allCapabilities(40)).size, 41);
  for (const name of allCapabilities(40)) assert.equal(canonicalCapability(name), name);
});

test("parseCapabilitySet() reads the kernel's bit mask", () => {
  const status = 'Name:\tx\nCapEff:\t0000000000000000\nCapBnd:\t0000000000200001\n';
  assert.deepEqual([...parseCapabilitySet(status, 'CapBnd')], ['CAP_CHOWN', 'CAP_SYS_ADMIN']);
  assert.deepEqual([...parseCapabilitySet(status, 'CapEff')], []);
  assert.equal(allCapabilities(40).at(-1), 'CAP_CHECKPOINT_RESTORE');
});
