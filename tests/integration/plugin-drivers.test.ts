/**
 * Plugins looked up by capability and called through the engine, in real containers.
 */
import assert from 'node:assert/strict';
import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isOutboardError, type PluginEngine } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { startProbePlugin } from '../support/probe-plugin.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;
const types = (...names: readonly string[]) => ({
  Interface: { Types: names, Socket: 'fixture.sock' },
});

async function openEngine(context: TestContext): Promise<TestEngine> {
  const legacyDirectories = { sockets: '/nonexistent/sockets', specs: [] };
  const opened = await openTestEngine({ legacyDirectories });
  context.after(() => opened[Symbol.asyncDispose]());
  return opened;
}

/** Events of an engine's listeners, as lines; each can be awaited. */
function listen({ drivers }: PluginEngine) {
  const lines: string[] = [];
  let wake = () => {};
  const hear = (line: string) => {
    lines.push(line);
    wake();
  };
  drivers.onEnabled('volumedriver', ({ name }) => hear(`enabled ${name}`));
  drivers.onDisabled('volumedriver', (name) => hear(`disabled ${name}`));
  return {
    lines,
    /** Wait until there are this many. */
    async until(count: number) {
      // The restart timer of the engine does not keep this process alive.
      const alive = setInterval(() => {}, 1_000);
      while (lines.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      clearInterval(alive);
      return lines;
    },
  };
}

test('a plugin is found by capability from enable to disable, and its client stays usable after restarts', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const { engine } = opened;
  const heard = listen(engine);
  await engine.create({ name: 'acme/authz', context: pluginContext({ config: types('docker.authz/1.0') }) });
  const { id } = await engine.create({ name: 'acme/v', context: pluginContext() });
  await assert.rejects(engine.drivers.find('acme/v', 'volumedriver'), {
    kind: 'conflict',
    message: 'plugin acme/v found but disabled',
  });
  await engine.enable('acme/v');
  await engine.enable('acme/authz');
  assert.deepEqual(engine.drivers.enabled('volumedriver'), ['acme/v:latest']);
  assert.deepEqual(engine.drivers.enabled('authz'), ['acme/authz:latest']);
  assert.deepEqual(await heard.until(1), ['enabled acme/v:latest']);

  const { client } = await engine.drivers.find('acme/v', 'volumedriver');
  await client.call('VolumeDriver.Create', { Name: 'one' });
  process.kill(pidOfPlugin(opened.execRoot, id), 'SIGKILL');
  assert.deepEqual(await heard.until(2), ['enabled acme/v:latest', 'enabled acme/v:latest']);
  // The volumes of the fixture are in its memory.
  assert.deepEqual((await client.call('VolumeDriver.List', {}, { idempotent: true })).objects('Volumes'), []);

  await engine.disable('acme/v');
  assert.deepEqual(heard.lines.slice(2), ['disabled acme/v:latest']);
  assert.deepEqual(await engine.drivers.all('volumedriver'), []);
  await assert.rejects(client.call('VolumeDriver.List', {}), (error) =>
    isOutboardError(error, 'unavailable'),
  );
  await engine.enable('acme/v');
  await engine.remove('acme/v', { force: true });
  assert.deepEqual(heard.lines.slice(3), ['enabled acme/v:latest', 'disabled acme/v:latest']);
});

test('a new daemon announces the plugins it takes over to listeners, and can call them', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  await opened.engine.create({ name: 'acme/v', context: pluginContext() });
  await opened.engine.enable('acme/v');
  const before = await opened.engine.drivers.find('acme/v', 'volumedriver');
  await before.client.call('VolumeDriver.Create', { Name: 'kept' });
  const engine = await opened.reopen();
  const heard = listen(engine);
  assert.deepEqual(await heard.until(1), ['enabled acme/v:latest']);
  const [driver] = await engine.drivers.all('volumedriver');
  const volumes = (await driver?.client.call('VolumeDriver.List', {}))?.objects('Volumes') ?? [];
  assert.deepEqual(
    volumes.map((volume) => volume.text('Name')),
    ['kept'],
  );
});

test('I12 paths in plugin responses resolve to its directories and mounts, or are refused', {
  skip,
}, async (context) => {
  const opened = await openEngine(context);
  const probe = await startProbePlugin(opened, 'acme/paths', {
    config: {
      PropagatedMount: '/mnt/volumes',
      Linux: { Capabilities: ['CAP_SYS_ADMIN'], AllowAllDevices: false, Devices: null },
    },
  });
  await probe.shell(`
    mkdir -p /mnt/volumes/mounted /mnt/volumes/plain /srv/data &&
    mount -t tmpfs none /mnt/volumes/mounted && mkdir /mnt/volumes/mounted/data &&
    echo seen >/mnt/volumes/mounted/data/file && echo seen >/srv/data/file &&
    ln -s /etc /mnt/volumes/out && ln -s ../../../../etc /mnt/volumes/climb &&
    ln -s /etc /mnt/volumes/mounted/out && ln -s mounted /mnt/volumes/alias`);
  const { toHostPath } = await opened.engine.drivers.find('acme/paths', 'volumedriver');
  const home = realpathSync(join(opened.dataRoot, 'plugins', probe.id));
  for (const [path, place] of [
    ['/mnt/volumes/mounted', 'propagated-mount/mounted'],
    ['/mnt/volumes/alias/data', 'propagated-mount/mounted/data'],
    ['/mnt/volumes/mounted/data/file', 'propagated-mount/mounted/data/file'],
    ['/srv/data/file', 'rootfs/srv/data/file'],
    ['/../../../srv/data', 'rootfs/srv/data'],
  ] as const) {
    const host = await toHostPath(path);
    assert.equal(host.replace(opened.dataRoot, realpathSync(opened.dataRoot)), join(home, place), path);
    assert.ok(statSync(host), `${host} exists on the host`);
  }
  for (const path of ['out', 'out/passwd', 'climb', 'mounted/out', 'mounted/out/passwd']) {
    await assert.rejects(
      toHostPath(`/mnt/volumes/${path}`),
      (error) => isOutboardError(error, 'system') && error.code === 'path-escapes',
      path,
    );
  }
});
