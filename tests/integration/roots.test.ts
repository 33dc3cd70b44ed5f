/**
 * Data root and exec root as hosts have them: reached through links, open to other users, subject to clean-up of
 * temporary files, full, or in use by another daemon.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openPluginEngine } from '@outboard/engine';
import { makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pidOfPlugin, untilPluginAccepts } from '../support/running-plugins.ts';
import { mountSmallTmpfs } from '../support/small-tmpfs.ts';

const skip = needsRoot;

async function makeHome(context: TestContext): Promise<string> {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  return home;
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

function onlyId(dataRoot: string): string {
  const [id, ...others] = readdirSync(join(dataRoot, 'plugins')).filter((name) => name.length === 64);
  assert.deepEqual(others, []);
  return id ?? assert.fail('no plugin');
}

test('plugins run in roots reached through links, and are taken over when the links change', {
  skip,
}, async (context) => {
  const home = await makeHome(context);
  const real = join(home, 'real');
  mkdirSync(join(real, 'inner', 'run'), { recursive: true });
  symlinkSync(real, join(home, 'a'));
  const first = await startDaemon({ home: join(home, 'a', 'inner') });
  let api = pluginApi(first.socket);
  await api.create('p', perlPluginArchive());
  await api.enable('p');
  const id = onlyId(join(real, 'inner', 'data'));
  const execRoot = join(real, 'inner', 'run');
  const pid = pidOfPlugin(execRoot, id);
  await first.end('SIGTERM');

  // The last component is a link now, and the first link is gone.
  rmSync(join(home, 'a'));
  symlinkSync(join(real, 'inner'), join(home, 'b'));
  const second = await startDaemon({ home: join(home, 'b') });
  api = pluginApi(second.socket);
  await untilPluginAccepts(execRoot, id);
  assert.equal(pidOfPlugin(execRoot, id), pid);
  await second.end('SIGTERM');

  const third = await startDaemon({ home: join(real, 'inner') });
  api = pluginApi(third.socket);
  assert.equal(pidOfPlugin(execRoot, id), pid);
  await api.disable('p');
  await api.enable('p');
  await api.remove('p', { force: true });
  assert.deepEqual(readdirSync(join(execRoot, 'bundles')), []);
  await third.end('SIGTERM');
});

test('directories deleted by a clean-up of temporary files are recreated on use', {
  skip,
}, async (context) => {
  const home = await makeHome(context);
  const roots = { dataRoot: join(home, 'data'), execRoot: join(home, 'run') };
  await using engine = await openPluginEngine(roots);
  const clean = (): void => {
    for (const directory of ['bundles', 'runtime', 'plugins', 'networks']) {
      rmSync(join(roots.execRoot, directory), { recursive: true, force: true });
    }
    for (const directory of ['plugins/tmp', 'plugins/storage/ingest', 'volumes']) {
      rmSync(join(roots.dataRoot, directory), { recursive: true, force: true });
    }
  };
  clean();
  await engine.create({ name: 'p', context: once(perlPluginArchive()) });
  clean();
  await engine.enable('p');
  rmSync(join(roots.dataRoot, 'volumes'), { recursive: true, force: true });
  await engine.volumes.create({ name: 'data', driver: 'p' });
  await engine.volumes.remove('data');
  await engine.disable('p');
  clean();
  await engine.collectGarbage();
  clean();
  await engine.remove('p');
  assert.deepEqual(readdirSync(join(roots.dataRoot, 'plugins', 'storage', 'blobs', 'sha256')), []);
});

test('files of a data root that other users can access are restricted to root, with a warning', {
  skip,
}, async (context) => {
  const home = await makeHome(context);
  const first = await startDaemon({ home });
  await pluginApi(first.socket).create('p', perlPluginArchive());
  await first.end('SIGTERM');
  const { dataRoot } = first;
  const plugin = join(dataRoot, 'plugins', onlyId(dataRoot));
  const directories = [
    dataRoot,
    join(dataRoot, 'plugins'),
    join(dataRoot, 'volumes'),
    join(dataRoot, 'gateway'),
    plugin,
  ];
  for (const directory of directories) chmodSync(directory, 0o755);
  chmodSync(join(plugin, 'config.json'), 0o644);

  const second = await startDaemon({ home });
  for (const directory of directories) {
    assert.equal(modeOf(directory), 0o700, directory);
    assert.ok(second.log().includes(`"path":${JSON.stringify(directory)},"before":"0755"`), second.log());
  }
  assert.equal(modeOf(join(plugin, 'config.json')), 0o600);
  assert.equal(modeOf(join(plugin, 'rootfs')), 0o755, 'what a plugin sees as / stays as it is');
  await second.end('SIGTERM');

  // A directory that others use too keeps its mode.
  writeFileSync(join(dataRoot, 'of-someone-else'), '');
  chmodSync(dataRoot, 0o755);
  const third = await startDaemon({ home });
  assert.equal(modeOf(dataRoot), 0o755);
  assert.match(third.log(), /holds more than plugins/);
  await pluginApi(third.socket).remove('p');
  await third.end('SIGTERM');
});

test('a second daemon gets the process that uses the data root in the error, and a killed daemon leaves no lock', {
  skip,
}, async (context) => {
  const home = await makeHome(context);
  const first = await startDaemon({ home });
  const other = join(home, 'other');
  mkdirSync(other);
  symlinkSync(first.dataRoot, join(other, 'data'));
  await assert.rejects(startDaemon({ home: other }), (error: Error) => {
    const owner = `process ${first.pid}, which serves unix://${first.socket}`;
    assert.ok(error.message.includes(`is in use by another daemon: ${owner}`), error.message);
    return true;
  });
  await first.end('SIGKILL');
  const next = await startDaemon({ home: other });
  assert.equal(await next.end('SIGTERM'), 0);
  assert.ok(!existsSync(join(first.dataRoot, 'owner.json')));
});

test('a start that fails on a full exec root names it and leaves nothing there', {
  skip,
}, async (context) => {
  const home = await makeHome(context);
  await using disk = await mountSmallTmpfs({ bytes: 256 * 1024 });
  const roots = { dataRoot: join(home, 'data'), execRoot: disk.path };
  await using engine = await openPluginEngine(roots);
  const { id } = await engine.create({ name: 'p', context: once(perlPluginArchive()) });
  const ballast = join(disk.path, 'ballast');
  fill(ballast);
  await assert.rejects(engine.enable('p'), (error: Error) => {
    assert.match(error.message, /no space left on the file system of "/);
    assert.ok(error.message.includes(join(disk.path, 'bundles', id)), error.message);
    return true;
  });
  assert.deepEqual(readdirSync(join(disk.path, 'bundles')), []);
  rmSync(ballast);
  await engine.enable('p');
  await engine.remove('p', { force: true });
});

/** Write until the disk is full. */
function fill(path: string): void {
  writeFileSync(path, '');
  for (const bytes of [4096, 1]) {
    for (;;) {
      try {
        writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' });
      } catch {
        break;
      }
    }
  }
}
