/**
 * Plugins outlive the daemon. The next daemon takes them over; after a reboot it starts them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import {
  assertRunning,
  enablePlugin,
  openRestartableDaemon,
  pidsOf,
  startNextDaemon,
  untilGone,
  untilOtherPid,
} from '../support/restartable-daemon.ts';
import { pidOfPlugin, untilPluginAccepts } from '../support/running-plugins.ts';

const skip = needsRoot;

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`S15 a plugin keeps running after ${signal} of the daemon, and the next daemon takes it over`, {
    skip,
  }, async (context) => {
    const place = await openRestartableDaemon(context);
    const id = await enablePlugin(place, 'steady');
    const { execRoot } = place.daemon;
    const pid = pidOfPlugin(execRoot, id);
    for (let round = 0; round < 3; round += 1) {
      await place.daemon.end(signal);
      await untilPluginAccepts(execRoot, id); // No daemon runs at all.
      await startNextDaemon(place);
      assert.equal(pidOfPlugin(execRoot, id), pid);
      assertRunning(place, [id]);
    }
    await place.api.disable('steady');
    assertRunning(place, []);
  });
}

test('S15 a plugin that exited while no daemon ran is restarted by the next daemon', {
  skip,
}, async (context) => {
  const place = await openRestartableDaemon(context);
  const id = await enablePlugin(place, 'gone');
  const { execRoot } = place.daemon;
  const pid = pidOfPlugin(execRoot, id);
  await place.daemon.end('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await untilGone(pid);
  await startNextDaemon(place);
  await untilOtherPid(execRoot, id, pid);
  await untilPluginAccepts(execRoot, id);
  assertRunning(place, [id]);
});

test('S18 after a reboot enabled plugins are started, others are not', { skip }, async (context) => {
  const place = await openRestartableDaemon(context);
  const id = await enablePlugin(place, 'enabled', pluginArchive({ config: { PropagatedMount: '/mnt/v' } }));
  await place.api.create('disabled', pluginArchive());
  const { execRoot, dataRoot } = place.daemon;
  await place.daemon.end('SIGKILL');
  // Effect of a reboot: all processes, mounts and files in memory are gone.
  for (const pid of pidsOf(place)) process.kill(pid, 'SIGKILL');
  for (const pid of pidsOf(place)) await untilGone(pid);
  await rm(execRoot, { recursive: true });
  await startNextDaemon(place);
  await untilPluginAccepts(execRoot, id);
  const { plugins } = checkDataRoot(dataRoot);
  assert.deepEqual(plugins.map(({ name, enabled }) => `${name} ${enabled}`).sort(), [
    'disabled:latest false',
    'enabled:latest true',
  ]);
  await place.api.disable('enabled');
  assertRunning(place, []);
});

test('S17 a record of an earlier boot is ignored, even if its pid is in use', {
  skip,
}, async (context) => {
  const place = await openRestartableDaemon(context);
  const id = await enablePlugin(place, 'rebooted');
  const { execRoot } = place.daemon;
  const path = join(execRoot, 'bundles', id, 'run.json');
  await place.daemon.end('SIGKILL');
  for (const pid of pidsOf(place)) process.kill(pid, 'SIGKILL');
  const record = JSON.parse(readFileSync(path, 'utf8'));
  // This is the process of the test itself.
  record.container.pid = process.pid;
  await writeFile(path, JSON.stringify({ ...record, bootId: '00000000-0000-0000-0000-000000000000' }));
  await startNextDaemon(place);
  await untilOtherPid(execRoot, id, process.pid);
  await untilPluginAccepts(execRoot, id);
  assertRunning(place, [id]);
});

test('V5 deleting the content of the exec root under a running plugin does not lead to a second instance', {
  skip,
}, async (context) => {
  const place = await openRestartableDaemon(context);
  const id = await enablePlugin(place, 'swept');
  const { execRoot } = place.daemon;
  const pid = pidOfPlugin(execRoot, id);
  await place.daemon.end('SIGKILL');
  await rm(execRoot, { recursive: true });
  await startNextDaemon(place);
  await untilPluginAccepts(execRoot, id);
  assert.notEqual(pidOfPlugin(execRoot, id), pid);
  assertRunning(place, [id]);
});

test('V9 a plugin that cannot start stays enabled through restarts, and is listed as failed', {
  skip,
}, async (context) => {
  const place = await openRestartableDaemon(context);
  // Starts once: the second start finds the file of the first one.
  const script = `
    import { existsSync, writeFileSync } from 'node:fs';
    import { createServer } from 'node:net';
    if (existsSync('/started')) throw new Error('once is enough');
    writeFileSync('/started', '');
    createServer().listen('/run/docker/plugins/fixture.sock');
    process.on('SIGTERM', () => process.exit(0));
  `;
  const broken = await enablePlugin(place, 'broken', pluginArchive({ script }));
  const good = await enablePlugin(place, 'good');
  const { dataRoot, execRoot } = place.daemon;
  const pid = pidOfPlugin(execRoot, broken);
  await place.daemon.end('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await untilGone(pid);
  await startNextDaemon(place);
  await place.daemon.untilLogged(/a plugin does not run/);
  const { plugins } = checkDataRoot(dataRoot);
  assert.deepEqual(
    plugins.map(({ enabled }) => enabled),
    [true, true],
  );
  await untilPluginAccepts(execRoot, good);
  await place.api.disable('broken');
  assertRunning(place, [good]);
});
