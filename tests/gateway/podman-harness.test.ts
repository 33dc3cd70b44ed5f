/**
 * The Podman of tests runs beside the host's own and leaves nothing.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { makeDaemonHome } from '../support/daemon.ts';
import { assertHostUnchanged, snapshotHost } from '../support/host-snapshot.ts';
import { needsPodman, openPodman } from '../support/podman.ts';

test('two Podmans run containers beside each other, and leave nothing', { skip: needsPodman }, async () => {
  const homes = [await makeDaemonHome(), await makeDaemonHome()];
  const before = homes.map(({ home }) => snapshotHost(home, { entries: ['.'] }));
  const podmans = await Promise.all(homes.map(({ home }) => openPodman(home)));
  const hosts = existsSync('/var/lib/containers');

  const ids = await Promise.all(podmans.map((podman) => podman.inContainer(['--detach'], 'sleep 60')));
  const seen = await Promise.all(podmans.map((podman) => podman.succeed('ps', '--quiet', '--no-trunc')));
  const printed = await podmans[0]?.inContainer(
    ['--volume', 'local-data:/data'],
    'echo x > /data/f; cat /data/f',
  );
  await Promise.all(podmans.map((podman) => podman.remove()));

  assert.deepEqual(seen, ids);
  assert.equal(printed, 'x');
  assert.equal(existsSync('/var/lib/containers'), hosts);
  for (const snapshot of before) assertHostUnchanged(snapshot, { entries: ['.'] });
  for (const { home, remove } of homes) {
    assert.deepEqual(readdirSync(home), []);
    await remove();
  }
});
