/**
 * The sockets of the gateway over the life of a plugin and of its daemon: there, under one name, as long as the plugin is enabled by
 * wish, and no call to them is lost that the daemon has taken.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { pollUntil } from '@outboard/async';
import {
  type ApiAnswer,
  callApi,
  makeDaemonHome,
  spawnDaemon,
  startDaemon,
  type TestDaemon,
} from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlServer } from '../support/perl-server.ts';
import { type PluginApi, pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';

/**
 * Fails to start while its volume directory has a file `broken`, starts when there is no file `held`, and answers about the volume
 * `slow` once there is a file `go`.
 */
const program = perlServer(
  `
my $root = '/mnt/volumes';
exit 1 if -e "$root/broken";
select(undef, undef, undef, 0.01) while -e "$root/held";
`,
  `
sub answer {
  my ($call, $name) = @_;
  return '{"Implements":["VolumeDriver"]}' if $call eq '/Plugin.Activate';
  print "asked for $name\\n";
  if ($name eq 'slow') { select(undef, undef, undef, 0.01) until -e "$root/go" }
  return qq({"Volume":{"Name":"$name","Mountpoint":""}});
}
`,
);
const archive = pluginArchive({
  script: '',
  files: { '/plugin.pl': program, '/mnt/volumes/.keep': '' },
  config: { Entrypoint: ['/usr/bin/perl', '/plugin.pl'], PropagatedMount: '/mnt/volumes' },
});
const name = 'acme/store';

describe('the socket of a plugin', { skip: needsRoot }, () => {
  let home: string;
  let remove: () => Promise<void>;
  let daemon: TestDaemon;
  let api: PluginApi;
  let id: string;
  let path: string;

  const options = () => ({ home, isBuilt: true, args: ['--gateway-mode', '0606', '--restart-delay', '0.1'] });
  const useDaemon = (next: TestDaemon) => {
    daemon = next;
    api = pluginApi(daemon.socket);
  };
  async function status(): Promise<{
    readonly State: { readonly Status: string };
    readonly Gateway?: object;
  }> {
    return JSON.parse((await callApi(daemon.socket, 'GET', `/outboard/v1/plugins/${name}/json`)).text);
  }
  /** A file of the plugin's volume directory. */
  const volumeFile = (file: string) => join(daemon.dataRoot, 'plugins', id, 'propagated-mount', file);

  before(async () => {
    ({ home, remove } = await makeDaemonHome());
    useDaemon(await startDaemon(options()));
    path = join(daemon.gatewayDirectory, 'store.sock');
    await install();
  });
  after(async () => {
    await api?.remove(name, { force: true });
    await daemon?.end('SIGTERM');
    await remove?.();
  });

  async function install(): Promise<void> {
    await api.create(name, archive);
    await api.enable(name);
    id = JSON.parse((await callApi(daemon.socket, 'GET', `/plugins/${name}/json`)).text).Id;
  }

  /** Ask for a volume through a socket. */
  async function ask(volume: string, socketPath = path): Promise<ApiAnswer> {
    const sent = request({ socketPath, path: '/VolumeDriver.Get', method: 'POST' });
    const [response] = await once(sent.end(JSON.stringify({ Name: volume })), 'response');
    return { status: response.statusCode ?? 0, text: await text(response) };
  }
  async function assertAnswers(answering: Promise<ApiAnswer>): Promise<void> {
    const { status, text: body } = await answering;
    assert.equal(status, 200, body);
    assert.match(body, /"Name":"/);
  }

  test('is there while the plugin is enabled, with its mode, and in the status', async () => {
    await assertAnswers(ask('a'));
    assert.equal((lstatSync(path).mode & 0o777).toString(8), '606');
    assert.deepEqual((await status()).Gateway, { Alias: 'store', Socket: path });
    await api.disable(name);
    assert.deepEqual(readdirSync(daemon.gatewayDirectory), []);
    assert.equal((await status()).Gateway, undefined);
    await api.enable(name);
    await assertAnswers(ask('a'));
  });

  test('has the same path after a reinstall', async () => {
    const before = id;
    await api.remove(name, { force: true });
    assert.equal(existsSync(path), false);
    await install();
    assert.notEqual(id, before);
    await assertAnswers(ask('a'));
  });

  test('stays while the plugin fails to start again and again, and calls wait for its recovery', async () => {
    const { ino } = lstatSync(path);
    writeFileSync(volumeFile('broken'), '');
    process.kill(pidOfPlugin(daemon.execRoot, id), 'SIGKILL');
    assert.ok(
      await pollUntil(async () => (await status()).State.Status === 'backing-off', { timeoutMs: 20_000 }),
    );
    const waiting = ask('a');
    assert.equal(lstatSync(path).ino, ino);
    rmSync(volumeFile('broken'));
    await assertAnswers(waiting);
  });

  test('takes another name at once; a name of another plugin is refused with one that is free', async () => {
    const choose = (plugin: string, alias: string | null) =>
      callApi(daemon.socket, 'POST', `/outboard/v1/plugins/${plugin}/options`, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ Gateway: { Alias: alias } }),
      });
    await api.create('acme/other', archive);
    const refused = await choose('acme/other', 'store');
    assert.equal(refused.status, 409);
    assert.match(refused.text, /it is the name of plugin acme\/store:latest; \\"store-2\\" is free/);
    assert.match((await choose('acme/other', 'local')).text, /\\"local-plugin\\" would be right/);
    await choose(name, 'files');
    await assertAnswers(ask('a', join(daemon.gatewayDirectory, 'files.sock')));
    assert.deepEqual(readdirSync(daemon.gatewayDirectory), ['files.sock']);
    await choose(name, null);
    await assertAnswers(ask('a'));
    await api.remove('acme/other');
  });

  test('answers a call in flight before the daemon ends, and nothing is left in the directory', async () => {
    const answer = ask('slow');
    await daemon.untilLogged(/asked for slow/);
    const ended = daemon.end('SIGTERM');
    assert.ok(await pollUntil(() => !existsSync(path), { timeoutMs: 20_000 }));
    writeFileSync(volumeFile('go'), '');
    await assertAnswers(answer);
    assert.equal(await ended, 0);
    useDaemon(await startDaemon(options()));
    await assertAnswers(ask('a'));
  });

  test('is replaced after the daemon was killed', async () => {
    await daemon.end('SIGKILL');
    assert.ok(lstatSync(path).isSocket());
    useDaemon(await startDaemon(options()));
    await assertAnswers(ask('a'));
  });

  test('is there before the daemon has started its plugins, and calls wait for them', async () => {
    const stopsPlugins = { ...options(), args: [...options().args, '--no-live-restore'] };
    await daemon.end('SIGTERM');
    useDaemon(await startDaemon(stopsPlugins));
    await daemon.end('SIGTERM');
    writeFileSync(volumeFile('held'), '');
    const starting = spawnDaemon(options());
    assert.ok(await pollUntil(() => canConnect(path), { timeoutMs: 30_000 }));
    const waiting = ask('a');
    rmSync(volumeFile('held'));
    await assertAnswers(waiting);
    useDaemon(await starting.ready);
  });
});

async function canConnect(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
