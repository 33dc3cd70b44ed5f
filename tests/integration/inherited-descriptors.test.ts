/**
 * Descriptors that the daemon inherits do not reach plugins: a monitor outlives the daemon, and would keep locks and
 * pipes of the daemon's parent open. Its priority does not reach them either.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { getPriority } from 'node:os';
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

/** Nice value of the main thread of a process. */
function niceValue(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}

test('programs started by the daemon inherit neither descriptors that it inherited, nor its priority', {
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
  // Makes up for the nice value of this process, which the daemon would keep.
  const asUsual = ['nice', '-n', String(-getPriority())];
  // A high number, as in scripts.
  const daemon = spawn('bash', ['-c', 'exec 200>"$0"; exec "$@"', lock, ...asUsual, ...command], {
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
  const nice = niceValue(pid);
  const niceOfHeirs = processes.map((line) => niceValue(Number.parseInt(line, 10)));
  await plugins.remove('p', { force: true });
  daemon.kill('SIGTERM');
  await ended;
  assert.equal(hasLock, true, 'the daemon has not inherited it');
  assert.equal(processes.length >= 2, true, `neither monitor nor plugin: ${processes}`);
  assert.deepEqual(heirs, []);
  assert.equal(nice, -10);
  assert.deepEqual(new Set(niceOfHeirs), new Set([0]));
});
