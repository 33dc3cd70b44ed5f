/**
 * Descriptors that the daemon inherits do not reach plugins: a monitor outlives the daemon, and would keep locks and
 * pipes of the daemon's parent open.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeDaemonHome } from '../support/daemon.ts';
import { snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';

const outboard = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

/** Open files of a process. */
function openFiles(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
}

test('programs started by the daemon inherit none of its inherited descriptors', {
  skip: needsRoot,
}, async (context) => {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  const lock = join(home, 'lock');
  const socket = join(home, 'run', 'outboard.sock');
  const command = [
    ...[outboard, 'daemon', '--data-root', join(home, 'data'), '--exec-root', join(home, 'run')],
    ...['--gateway-dir', join(home, 'gateway'), '--host', `unix://${socket}`],
  ];
  // A high number, as in scripts.
  const daemon = spawn('bash', ['-c', 'exec 200>"$0"; exec "$@"', lock, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(daemon, 'exit');
  context.after(() => daemon.kill('SIGKILL'));
  await once(createInterface(daemon.stdout), 'line');
  const plugins = pluginApi(socket);
  await plugins.create('p', perlPluginArchive());
  await plugins.enable('p');
  const pid = daemon.pid ?? 0;
  const hasLock = openFiles(pid).includes(lock);
  const { processes } = snapshotHost(home, { daemons: [pid] });
  const heirs = processes.filter((line) => openFiles(Number.parseInt(line, 10)).includes(lock));
  await plugins.remove('p', { force: true });
  daemon.kill('SIGTERM');
  await ended;
  assert.equal(hasLock, true, 'the daemon has not inherited it');
  assert.equal(processes.length >= 2, true, `neither monitor nor plugin: ${processes}`);
  assert.deepEqual(heirs, []);
});
