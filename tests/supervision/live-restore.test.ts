/**
 * Plugins and the life of the daemon: they outlive it or end with it, as configured, and none of them delays it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { snapshotHost } from '../support/host-snapshot.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { volumePluginScript } from '../support/plugin-fixture.ts';
import { pidsOf, untilGone, untilOtherPid } from '../support/restartable-daemon.ts';
import { pidOfPlugin, untilPluginAccepts } from '../support/running-plugins.ts';

const skip = needsRoot;
const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

/** One home, and the daemons that a test starts in it. */
class Home {
  readonly home: string;
  daemon: TestDaemon | undefined;

  constructor(home: string) {
    this.home = home;
  }

  async start(...args: readonly string[]): Promise<TestDaemon> {
    this.daemon = await startDaemon({ home: this.home, args });
    return this.daemon;
  }
}

/** When the test ends its plugins are removed. */
async function openHome(context: TestContext): Promise<Home> {
  const { home, remove } = await makeDaemonHome();
  const place = new Home(home);
  context.after(async () => {
    await place.daemon?.end('SIGKILL');
    const daemon = await place.start();
    for (const { Name } of await listStates(daemon))
      await pluginApi(daemon.socket).remove(Name, { force: true });
    assert.equal(await daemon.end('SIGTERM'), 0);
    await remove();
  });
  return place;
}

/** Response of `GET /outboard/v1/plugins`. */
interface Listed {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Status: string; readonly Restarts?: number };
}

async function listStates(daemon: TestDaemon): Promise<readonly Listed[]> {
  const { status, text } = await callApi(daemon.socket, 'GET', '/outboard/v1/plugins');
  assert.equal(status, 200, text);
  return JSON.parse(text);
}

/** @returns ID of the plugin */
async function enable(daemon: TestDaemon, name: string, script = volumePluginScript): Promise<string> {
  const api = pluginApi(daemon.socket);
  await api.create(name, pluginArchive({ script }));
  await api.enable(name);
  const found = (await listStates(daemon)).find(({ Name }) => Name === `${name}:latest`);
  return found?.Id ?? assert.fail(`no plugin ${name}`);
}

test('S22 --no-live-restore stops plugins with the daemon, and the next one starts them', {
  skip,
}, async (context) => {
  const place = await openHome(context);
  const daemon = await place.start('--no-live-restore');
  const ids = [await enable(daemon, 'one'), await enable(daemon, 'two')];
  assert.equal(await daemon.end('SIGTERM'), 0);
  const left = snapshotHost(place.home, { plugins: ids });
  assert.deepEqual([left.processes, left.cgroups, left.mounts], [[], [], []]);

  const next = await place.start('--no-live-restore');
  for (const id of ids) await untilPluginAccepts(next.execRoot, id);
});

test('S22 --no-live-restore kills a plugin that ignores SIGTERM, after its stop timeout', {
  skip,
}, async (context) => {
  const place = await openHome(context);
  const daemon = await place.start('--no-live-restore');
  const script = `${volumePluginScript}
    process.removeAllListeners('SIGTERM').on('SIGTERM', () => console.log('not yet'));`;
  const id = await enable(daemon, 'slow', script);
  const options = { headers: { 'content-type': 'application/json' }, body: '{"StopTimeoutSeconds":1}' };
  const updated = await callApi(daemon.socket, 'POST', '/outboard/v1/plugins/slow/options', options);
  assert.equal(updated.status, 200, updated.text);
  assert.equal(await daemon.end('SIGTERM'), 0);
  assert.deepEqual(snapshotHost(place.home, { plugins: [id] }).processes, []);
});

test('plugins left running by a killed daemon are taken over with --no-live-restore, too', {
  skip,
}, async (context) => {
  const place = await openHome(context);
  const daemon = await place.start('--no-live-restore');
  const id = await enable(daemon, 'left');
  const pid = pidOfPlugin(daemon.execRoot, id);
  await daemon.end('SIGKILL');
  const next = await place.start('--no-live-restore');
  assert.equal(pidOfPlugin(next.execRoot, id), pid);
  assert.equal((await listStates(next))[0]?.State.Status, 'running');
});

test('S19 the API answers while all plugins still hang at their start', { skip }, async (context) => {
  const place = await openHome(context);
  const first = await place.start();
  // From its second start on it opens no socket.
  const script = `import { existsSync, writeFileSync } from 'node:fs';
    if (existsSync('/started')) setInterval(() => {}, 1000);
    else { writeFileSync('/started', ''); await import('/ready.mjs'); }`;
  const api = pluginApi(first.socket);
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const name of names) {
    await api.create(name, pluginArchive({ script, files: { '/ready.mjs': volumePluginScript } }));
    await api.enable(name);
  }
  const ids = (await listStates(first)).map(({ Id }) => Id);
  await first.end('SIGKILL');
  for (const pid of pidsOf({ home: place.home, ids })) process.kill(pid, 'SIGKILL');
  // The daemon is ready and answers before any start has failed.
  const next = await place.start();
  assert.deepEqual(
    (await listStates(next)).map(({ State }) => State.Status),
    names.map(() => 'starting'),
  );
  // A stop is not delayed either.
  await pluginApi(next.socket).disable('a');
  assert.equal(await next.end('SIGTERM'), 0);
});

test('S17 a reused pid is not mistaken for the plugin', { skip }, async (context) => {
  const place = await openHome(context);
  const daemon = await place.start();
  const id = await enable(daemon, 'reused');
  const pid = pidOfPlugin(daemon.execRoot, id);
  await daemon.end('SIGKILL');
  for (const other of pidsOf({ home: place.home, ids: [id] })) process.kill(other, 'SIGKILL');
  await untilGone(pid);
  const path = join(daemon.execRoot, 'bundles', id, 'run.json');
  const run = JSON.parse(readFileSync(path, 'utf8'));
  // The process of this test, in the same boot; it must not be signalled.
  for (const role of ['container', 'monitor']) run[role].pid = process.pid;
  writeFileSync(path, JSON.stringify(run));
  const next = await place.start();
  await untilOtherPid(next.execRoot, id, process.pid);
  await untilPluginAccepts(next.execRoot, id);
});

test('outboard shows the state of a plugin, and restarts it', { skip }, async (context) => {
  const place = await openHome(context);
  const daemon = await place.start('--restart-delay', '0.1');
  const outboard = async (...args: readonly string[]): Promise<string> => {
    const env = { ...process.env, OUTBOARD_HOST: `unix://${daemon.socket}` };
    return (await promisify(execFile)(program, args, { env })).stdout;
  };
  const script = `console.log('about to work');\n${volumePluginScript}`;
  const id = await enable(daemon, 'seen', script);
  assert.equal(await outboard('ls', '--format', '{{.State}} {{.Restarts}}'), 'running 0\n');
  const pid = pidOfPlugin(daemon.execRoot, id);
  process.kill(pid, 'SIGKILL');
  await untilOtherPid(daemon.execRoot, id, pid);
  await untilPluginAccepts(daemon.execRoot, id);
  const [{ State, LastFailure }] = JSON.parse(await outboard('inspect', 'seen'));
  assert.equal(State.Restarts, 1);
  assert.equal(LastFailure.Reason, 'the plugin was ended by SIGKILL');
  assert.equal(LastFailure.Signal, 'SIGKILL');
  assert.equal(LastFailure.OOMKilled, false);
  assert.deepEqual(LastFailure.Log, ['about to work', 'listening']);

  assert.equal(await outboard('restart', 'seen'), 'seen\n');
  assert.equal(await outboard('ls', '--format', '{{.State}} {{.Restarts}}'), 'running 0\n');
});
