/**
 * A file system that stops answering holds nobody but who needs it: below the source of a mount, below a volume, and over a
 * whole propagated mount. The main thread of the daemon never waits for it.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ApiAnswer, callApi, makeDaemonHome } from '../support/daemon.ts';
import { readStoredPlugins } from '../support/data-root.ts';
import { type HangingFileSystem, mountHangingFileSystem } from '../support/hanging-file-system.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlDriverArchive, perlPlugin, perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { checkTurns, runStep, type Step } from '../support/turn-checks.ts';
import { startWatchedDaemon, type WatchedDaemon } from '../support/watched-daemon.ts';

describe('a daemon beside a file system that does not answer', { skip: needsRoot }, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let daemon: WatchedDaemon;
  const silent: HangingFileSystem[] = [];

  before(async () => {
    home = await makeDaemonHome();
    // A file system that does not answer makes a thread wait, not compute.
    daemon = await startWatchedDaemon({ home: home.home, onlyBlocked: true });
    await create('acme/well', perlPluginArchive());
    await run({ method: 'POST', path: '/plugins/acme/well/enable?timeout=30' });
  });
  after(async () => {
    for (const fileSystem of silent) await fileSystem[Symbol.asyncDispose]();
    for (const { name } of daemon === undefined ? [] : readStoredPlugins(daemon.dataRoot)) {
      await callApi(daemon.socket, 'DELETE', `/plugins/${name}?force=1`);
    }
    await home.remove();
  });

  const run = (step: Step) => runStep(daemon, step);
  const create = (name: string, body: Buffer) =>
    run({ method: 'POST', path: `/plugins/create?name=${name}`, body, status: 204 });

  /** Mount one, which answers until it is told to fall silent. */
  async function mountSilent(path: string): Promise<HangingFileSystem> {
    const fileSystem = await mountHangingFileSystem(path);
    silent.push(fileSystem);
    return fileSystem;
  }

  function idOf(name: string): string {
    const found = readStoredPlugins(daemon.dataRoot).find((plugin) => plugin.name === `${name}:latest`);
    return found?.id ?? assert.fail(`no plugin ${name}`);
  }

  /** Requests that need the file system: answered in bounded time, with an error that a client understands, or with success. */
  async function ask(method: string, path: string): Promise<ApiAnswer> {
    return await callApi(daemon.socket, method, path, { signal: AbortSignal.timeout(60_000) });
  }

  /** While some requests wait, all others are answered. */
  async function others(): Promise<void> {
    await run({ method: 'GET', path: '/plugins' });
    await run({ method: 'GET', path: '/outboard/v1/plugins' });
    await run({ method: 'GET', path: '/volumes' });
    await run({ method: 'GET', path: '/info' });
    await run({ method: 'POST', path: '/outboard/v1/plugins/acme/well/restart', status: 204 });
    await run({ method: 'POST', path: '/plugins/acme/well/disable' });
    await run({ method: 'POST', path: '/plugins/acme/well/enable?timeout=30' });
  }

  const check = (name: string, work: () => Promise<void>) => checkTurns(() => daemon, name, work);

  it('I14 below the source of a mount', async () => {
    const path = join(home.home, 'source');
    mkdirSync(path);
    const server = await mountSilent(path);
    const Mounts = [{ Name: 'd', Type: 'bind', Source: path, Destination: '/data', Options: ['rbind'] }];
    const plain = perlPlugin();
    for (const name of ['acme/running', 'acme/stopped'])
      await create(name, pluginArchive({ ...plain, config: { ...plain.config, Mounts } }));
    await run({ method: 'POST', path: '/plugins/acme/running/enable?timeout=30' });
    await server.fallSilent();
    await check('a silent mount source', async () => {
      const enabling = ask('POST', '/plugins/acme/stopped/enable?timeout=30');
      await others();
      const { status, text } = await enabling;
      assert.ok(status >= 400 && /does not answer/.test(text), `${status} ${text}`);
      for (const route of ['json', 'preflight', 'top', 'logs?stdout=1']) {
        const { status, text } = await ask('GET', `/outboard/v1/plugins/acme/running/${route}`);
        assert.equal(status, 200, `${route}: ${text}`);
      }
    });
    await check('the end of a plugin with a silent mount source', async () => {
      await ask('POST', '/plugins/acme/running/disable');
      await others();
    });
    for (const name of ['acme/running', 'acme/stopped'])
      assert.equal((await ask('DELETE', `/plugins/${name}?force=1`)).status, 200, name);
  });

  it('I14 below a volume', async () => {
    await create('acme/driver', driverArchive);
    await run({ method: 'POST', path: '/plugins/acme/driver/enable?timeout=30' });
    const place = join(daemon.dataRoot, 'plugins', idOf('acme/driver'), 'propagated-mount');
    for (const Name of ['silent', 'other']) {
      mkdirSync(join(place, Name));
      const body = { Name, Driver: 'acme/driver:latest' };
      await run({ method: 'POST', path: '/volumes/create', body, status: 201 });
    }
    const server = await mountSilent(join(place, 'silent'));
    await server.fallSilent();
    await check('a silent volume', async () => {
      const waiting = ['/volumes/silent', '/volumes'].map((path) => ask('GET', path));
      const mounting = ask('POST', '/outboard/v1/volumes/silent/mount?id=one');
      await others();
      for (const { status, text } of await Promise.all(waiting)) assert.equal(status, 200, text);
      await mounting;
      await ask('POST', '/outboard/v1/volumes/silent/unmount?id=one');
      await run({ method: 'GET', path: '/volumes/other' });
    });
    await check('the end of a driver with a silent volume', async () => {
      await ask('POST', '/plugins/acme/driver/disable?force=1');
      await others();
    });
    assert.equal((await ask('DELETE', '/plugins/acme/driver?force=1')).status, 200);
  });

  it('I14 over a propagated mount', async () => {
    await create('acme/covered', driverArchive);
    await run({ method: 'POST', path: '/plugins/acme/covered/enable?timeout=30' });
    const directory = join(daemon.dataRoot, 'plugins', idOf('acme/covered'));
    const server = await mountSilent(join(directory, 'propagated-mount'));
    await server.fallSilent();
    await check('a silent propagated mount', async () => {
      const calls = ['/volumes', '/volumes/none'].map((path) => ask('GET', path));
      await others();
      await Promise.all(calls);
      await ask('GET', '/outboard/v1/plugins/acme/covered/json');
    });
    await check('the end of a plugin with a silent propagated mount', async () => {
      await ask('POST', '/plugins/acme/covered/disable?force=1');
      await others();
      await ask('POST', '/plugins/acme/covered/enable?timeout=5');
      await others();
    });
    await server[Symbol.asyncDispose]();
    assert.equal((await ask('DELETE', '/plugins/acme/covered?force=1')).status, 200);
  });

  it("I14 over the directories of plugins' sockets", async () => {
    // More of them than threads for files.
    const names = Array.from({ length: 5 }, (_, index) => `acme/hidden-${index}`);
    for (const name of names) {
      await create(name, driverArchive);
      await run({ method: 'POST', path: `/plugins/${name}/enable?timeout=30` });
    }
    for (const name of names) {
      const server = await mountSilent(join(daemon.execRoot, 'plugins', idOf(name)));
      await server.fallSilent();
    }
    await check('silent directories of sockets', async () => {
      const lists = ['/volumes', '/volumes/none'].map((path) => ask('GET', path));
      const calls = names.map((Driver) =>
        callApi(daemon.socket, 'POST', '/volumes/create', {
          body: JSON.stringify({ Name: 'new', Driver: `${Driver}:latest` }),
          headers: { 'Content-Type': 'application/json' },
          signal: AbortSignal.timeout(60_000),
        }),
      );
      await others();
      assert.equal((await lists[0])?.status, 200);
      await Promise.all([...lists, ...calls]);
    });
    // Each is started with another directory.
    await daemon.untilLogged(/a file system is mounted over the directory of its socket/);
    await check('the end of plugins with silent directories of sockets', async () => {
      for (const name of names) await ask('POST', `/plugins/${name}/disable?force=1`);
      await others();
    });
    for (const name of names) assert.equal((await ask('DELETE', `/plugins/${name}?force=1`)).status, 200);
  });
});

/** A driver that touches none of its volumes. */
const driverArchive = perlDriverArchive(`
  sub answer {
    my ($call, $name) = @_;
    my $shown = qq({"Name":"$name","Mountpoint":"/mnt/volumes/$name"});
    return '{"Implements":["VolumeDriver"]}' if $call eq '/Plugin.Activate';
    return '{"Capabilities":{"Scope":"local"}}' if $call eq '/VolumeDriver.Capabilities';
    return '{"Volumes":[{"Name":"silent","Mountpoint":"/mnt/volumes/silent"}]}' if $call eq '/VolumeDriver.List';
    return '{"Err":"no such volume"}' if $name eq 'none';
    return qq({"Volume":$shown}) if $call eq '/VolumeDriver.Get';
    return qq({"Mountpoint":"/mnt/volumes/$name"}) if $call eq '/VolumeDriver.Mount' or $call eq '/VolumeDriver.Path';
    return '{}';
  }
`);
