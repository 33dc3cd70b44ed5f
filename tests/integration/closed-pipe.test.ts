/**
 * Every command with a closed output: it ends as after SIGPIPE, and prints no error.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

/** The last descriptor is a pipe whose reader has ended before the program starts. */
const withoutReader = {
  stdout: 'exec 9> >(exit 0); wait $!; exec "$@" >&9',
  stderr: 'exec 9> >(exit 0); wait $!; exec "$@" 2>&9',
};

async function runUnread(output: keyof typeof withoutReader, argv: readonly string[], home: string) {
  const child = spawn('bash', ['-c', withoutReader[output], 'bash', process.execPath, program, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DOCKER_CONFIG: home },
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, shown: out + err };
}

describe('a command with a closed output', { skip: needsRoot }, () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let registry: TestRegistry;
  let daemon: TestDaemon;
  let remote: string;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    registry = await startRegistry();
    daemon = await startDaemon({ home });
    remote = `${registry.host}/acme/p:v1`;
    await writePluginContext(join(home, 'context'), {});
    await mkdir(join(home, 'system'));
    const api = pluginApi(daemon.socket);
    await api.create('light', perlPluginArchive());
    await api.enable('light');
    await api.create(remote, perlPluginArchive());
    const pushed = await callApi(daemon.socket, 'POST', `/plugins/${remote}/push`);
    assert.match(pushed.text, /"Digest":/);
  });
  after(async () => {
    for (const name of ['light:latest', 'made:latest', remote]) {
      await callApi(daemon.socket, 'DELETE', `/plugins/${name}?force=1`);
    }
    await daemon.end('SIGTERM');
    await registry.stop();
    await removeHome();
  });

  /** In an order in which each command has work to do. */
  const commands = (): readonly (readonly string[])[] => [
    ['--help'],
    ['install', '--help'],
    // In this test no plugin is damaged or has a version before, and no volume or consumer exists.
    ...['repair', 'rollback', 'disconnect', 'plugin'].map((name) => [name, '--help']),
    ['--version'],
    ['help'],
    ['help', 'volume', 'create'],
    ['plugin', 'ls'],
    ['volume'],
    ['volume', 'ls'],
    ['volume', 'create', 'empty', '--driver', 'light'],
    ['volume', 'inspect', 'empty'],
    ['volume', 'unmount', '--help'],
    ['volume', 'prune', '--help'],
    ['volume', 'rm', 'empty'],
    ['connect'],
    ['completion', 'bash'],
    ['__complete', '--', 'l'],
    ['__complete', '--', 'daemon', '--'],
    ['ls'],
    ['ls', '--quiet'],
    ['ls', '--format', 'json'],
    ['inspect', 'light'],
    ['version'],
    ['doctor'],
    ['top', 'light'],
    ['stats', '--no-stream'],
    ['stats'],
    ['logs', 'light'],
    ['logs', '--follow', 'light'],
    ['exec', 'light', '/bin/echo', 'hello'],
    ['gc'],
    ['wait', 'light'],
    ['update', '--restart', 'on-failure', 'light'],
    ['create', 'made', join(home, 'context')],
    ['push', remote],
    ['privileges', remote],
    ['upgrade', '--grant-all-permissions', remote],
    ['rm', remote],
    ['install', '--grant-all-permissions', '--disable', remote],
    ['disable', 'light'],
    ['enable', 'light'],
    ['restart', 'light'],
    ['service', 'install', '--from-checkout', '--prefix', join(home, 'system')],
    ['service', 'uninstall', '--prefix', join(home, 'system')],
    ['daemon', '--help'],
    ['help', 'daemon'],
    ['daemon', '--version'],
    ['daemon', 'doctor'],
  ];

  /** Commands that the list above lacks: they need a project, a registry with users, or print nothing. */
  async function otherCommands(): Promise<readonly (readonly string[])[]> {
    const child = spawn(process.execPath, [program, '--help'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const help = await text(child.stdout);
    const names = [...help.matchAll(/^ {2}([a-z][a-z-]+)[ |]/gm)].map(([, name = '']) => name);
    assert.ok(names.length > 30, help);
    const tried = new Set(commands().map(([name]) => name));
    return names.filter((name) => !tried.has(name)).map((name) => [name, '--help']);
  }

  test('prints nothing and ends with 141', async () => {
    const all = [...commands(), ...(await otherCommands())];
    const results = [];
    for (const argv of all) {
      const place = argv.includes('daemon') ? [] : ['--host', `unix://${daemon.socket}`];
      const { code, shown } = await runUnread('stdout', [...place, ...argv], home);
      results.push(`${argv.slice(0, 2).join(' ')}: ${code} ${shown}`);
    }
    assert.deepEqual(
      results,
      all.map((argv) => `${argv.slice(0, 2).join(' ')}: 141 `),
    );
  });

  test('does the same for standard error', async () => {
    for (const argv of [['bogus'], ['ls', '--bogus'], ['inspect', 'none'], ['daemon', '--bogus']]) {
      const place = argv[0] === 'daemon' ? [] : ['--host', `unix://${daemon.socket}`];
      const { code, shown } = await runUnread('stderr', [...place, ...argv], home);
      assert.deepEqual([argv, code, shown.replace(/^\[\]\n$/, '')], [argv, 141, '']);
    }
  });

  test('ends in the middle of its output when the reader has seen enough', async () => {
    const api = pluginApi(daemon.socket);
    await api.create('loud', perlPluginArchive('floods'));
    await api.enable('loud');
    const words = [
      process.execPath,
      program,
      '--host',
      `unix://${daemon.socket}`,
      'logs',
      '--follow',
      'loud',
    ];
    // The exit code is that of the writer.
    const script = '"$@" | head -n 1; exit $PIPESTATUS';
    const child = spawn('bash', ['-c', script, 'bash', ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    await api.remove('loud', { force: true });
    // The plugin's own words on its standard error are passed on; on a busy host some of its output is lost.
    const others = err
      .replace('ready\n', '')
      .replace(/^.* bytes skipped: the container writes faster .*\n/gm, '');
    assert.deepEqual([code, others], [141, '']);
  });
});
