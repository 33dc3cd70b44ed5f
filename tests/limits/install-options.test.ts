/**
 * Options as flags of `outboard install`, in force before the plugin runs for the first time.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { startRegistry } from '../support/registry.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

/** Run `outboard` against a daemon. */
async function outboard(socket: string, ...args: readonly string[]) {
  const child = spawn(program, args, { env: { ...process.env, OUTBOARD_HOST: `unix://${socket}` } });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { code, stdout, stderr };
}

test('the flags of install apply from the first start', {
  skip: needsRoot,
}, async (context) => {
  const registry = await startRegistry();
  context.after(() => registry.stop());
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  const daemon = await startDaemon({ home });
  context.after(() => daemon.end('SIGTERM'));
  const plugins = pluginApi(daemon.socket);
  const name = `${registry.host}/acme/p:v1`;
  const shared = join(home, 'made', 'for', 'it');
  const mount = { Name: 'shared', Description: '', Source: shared, Destination: '/tmp', Type: 'bind' };
  const Mounts = [{ ...mount, Options: ['rbind'], Settable: null }];
  await plugins.create(name, perlPluginArchive('plain', { Mounts }));
  await plugins.push(name);
  await plugins.remove(name);

  const flags = [
    ...['--memory', '64m', '--cpus', '0.5', '--pids-limit', '50', '--ulimit', 'nofile=333'],
    ...['--restart', 'on-failure:3', '--stop-timeout', '4', '--security-opt', 'no-new-privileges'],
    ...['--read-only', '--create-mounts', '--health-check', 'socket', '--health-interval', '1m'],
    ...['--log-max-size', '1m', '--log-max-file', '2'],
  ];
  const install = ['install', '--grant-all-permissions', '--alias', 'p', ...flags, name];
  const installed = await outboard(daemon.socket, ...install);
  const inspected = await outboard(daemon.socket, 'inspect', '-f', '{{json .Options}}', 'p');
  const script = 'ulimit -n; touch /x 2>/dev/null || echo cannot write; grep ^NoNewPrivs /proc/self/status';
  const looked = await outboard(daemon.socket, 'exec', 'p', '/bin/sh', '-c', script);
  const stats = await outboard(daemon.socket, 'stats', '--no-stream', '--format', '{{.MemUsage}}', 'p');
  const removed = await outboard(daemon.socket, 'rm', '--force', 'p');

  assert.deepEqual([installed.code, installed.stderr], [0, '']);
  assert.equal(existsSync(shared), true, 'the directory that it mounts was not made');
  assert.deepEqual(JSON.parse(inspected.stdout), {
    CreateMounts: true,
    Health: { IntervalSeconds: 60, Kind: 'socket' },
    Limits: { Cpus: 0.5, MemoryBytes: 67_108_864, OpenFiles: 333, Pids: 50 },
    Log: { MaxBytes: 1_048_576, MaxFiles: 2 },
    Restart: { MaximumRetries: 3, Name: 'on-failure' },
    Security: { NoNewPrivileges: true, ReadOnlyRootfs: true },
    StopTimeoutSeconds: 4,
  });
  assert.equal(looked.stdout, '333\ncannot write\nNoNewPrivs:\t1\n');
  assert.match(stats.stdout, / \/ 64MiB\n$/);
  assert.deepEqual([removed.code, removed.stderr], [0, '']);
});
