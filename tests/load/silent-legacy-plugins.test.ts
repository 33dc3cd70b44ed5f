/**
 * Legacy plugins behind a file system that does not answer: their sockets, links, spec files and certificates, and a whole
 * directory of them. Other plugins are used all the while, and no thread for files is lost.
 */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeDaemonHome } from '../support/daemon.ts';
import { type HangingFileSystem, mountHangingFileSystem } from '../support/hanging-file-system.ts';
import { needsRoot } from '../support/needs-root.ts';
import { checkTurns, runStep } from '../support/turn-checks.ts';
import { startWatchedDaemon, type WatchedDaemon } from '../support/watched-daemon.ts';

/** More of each kind than threads for files. */
const indexes = [0, 1, 2, 3, 4];

describe('a daemon with legacy plugins behind a file system that does not answer', {
  skip: needsRoot,
}, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let daemon: WatchedDaemon;
  let silent: HangingFileSystem | undefined;
  const servers: Server[] = [];
  const inHome = (path: string) => join(home.home, path);
  const plugins = (name: string) => inHome(`docker/plugins/${name}`);

  before(async () => {
    home = await makeDaemonHome();
    for (const path of ['silent', 'docker', 'docker/plugins']) mkdirSync(inHome(path));
    silent = await mountHangingFileSystem(inHome('silent'));
    for (const name of ['well', 'lost']) servers.push(await serveDriver(plugins(`${name}.sock`), name));
    // The daemon has a directory /run/docker of its own, in a mount namespace of its own.
    const script = 'mount -t tmpfs none /run && ln -s "$1" /run/docker && shift && exec "$@"';
    const around = ['unshare', '--mount', 'sh', '-c', script, 'sh', inHome('docker')];
    daemon = await startWatchedDaemon({ home: home.home, onlyBlocked: true, around });
    for (const name of ['well', 'lost']) await createVolume(`of-${name}`, name, 201);
  });
  after(async () => {
    await silent?.[Symbol.asyncDispose]();
    for (const server of servers) server.close().closeAllConnections();
    await home.remove();
  });

  async function createVolume(Name: string, Driver: string, status: number): Promise<string> {
    const step = { method: 'POST', path: '/volumes/create', body: { Name, Driver }, status };
    return (await runStep(daemon, step)).text;
  }

  /** The list has what is known of a plugin that cannot be reached. */
  async function checkList(): Promise<void> {
    const { text } = await runStep(daemon, { method: 'GET', path: '/volumes' });
    const { Volumes, Warnings } = JSON.parse(text);
    assert.deepEqual(
      Volumes.map(({ Name }: { Name: string }) => Name),
      ['of-lost', 'of-well'],
    );
    assert.match(String(Warnings), /list lost: .*does not answer|list lost: no answer/);
  }

  async function others(): Promise<void> {
    await createVolume('of-well', 'well', 201);
    for (const path of ['/plugins', '/info', '/volumes/of-well'])
      await runStep(daemon, { method: 'GET', path });
  }

  it('I14 behind sockets, links, specs and certificates', async () => {
    const away = inHome('silent/inside');
    for (const index of indexes) {
      symlinkSync(`${away}/${index}`, plugins(`link-${index}.sock`));
      symlinkSync(`${away}/${index}`, plugins(`directory-${index}`));
    }
    rmSync(plugins('lost.sock'));
    symlinkSync(`${away}/lost`, plugins('lost.sock'));
    // A connection that is open already needs no path.
    for (const server of servers) server.closeAllConnections();
    await silent?.fallSilent();
    await checkTurns(
      () => daemon,
      'legacy plugins behind a silent file system',
      async () => {
        const names = ['lost', ...indexes.flatMap((index) => [`link-${index}`, `directory-${index}`])];
        const refused = Promise.all(names.map((name) => createVolume(`new-${name}`, name, 503)));
        await Promise.all([others(), checkList(), refused]);
        for (const [index, text] of (await refused).entries())
          assert.match(text, new RegExp(`${names[index]}.*does not answer`));
        await others();
      },
    );
  });

  it('I14 over the directory of all legacy plugins', async () => {
    renameSync(inHome('docker/plugins'), inHome('docker/before'));
    symlinkSync(inHome('silent'), inHome('docker/plugins'));
    await checkTurns(
      () => daemon,
      'a silent directory of legacy plugins',
      async () => {
        const lists = indexes.map(() => runStep(daemon, { method: 'GET', path: '/volumes' }));
        for (const path of ['/plugins', '/info']) await runStep(daemon, { method: 'GET', path });
        for (const { text } of await Promise.all(lists))
          assert.match(text, /of-lost.*of-well.*does not answer/);
      },
    );
    rmSync(inHome('docker/plugins'));
    renameSync(inHome('docker/before'), inHome('docker/plugins'));
    await silent?.speak();
    await others();
  });
});

/** A volume driver with one volume, in this process. */
async function serveDriver(path: string, name: string): Promise<Server> {
  const answers: Readonly<Record<string, object>> = {
    '/Plugin.Activate': { Implements: ['VolumeDriver'] },
    '/VolumeDriver.Capabilities': { Capabilities: { Scope: 'local' } },
    '/VolumeDriver.List': { Volumes: [{ Name: `of-${name}`, Mountpoint: '' }] },
    '/VolumeDriver.Get': { Volume: { Name: `of-${name}`, Mountpoint: '' } },
  };
  const server = createServer((request, response) => {
    request.resume();
    response.end(JSON.stringify(answers[request.url ?? ''] ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}
