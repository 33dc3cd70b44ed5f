/**
 * Calls on the sockets of a real daemon's gateway, to plugins in containers: paths of the host, and a plugin that hangs.
 */
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPlugin } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { callPlugin } from '../support/plugin-client.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';
import { volumePlugin } from '../support/volume-plugin.ts';

describe('calls through the gateway', { skip: needsRoot }, () => {
  let daemon: TestDaemon;
  let removeHome: () => Promise<void>;
  before(async () => {
    const { home, remove } = await makeDaemonHome();
    removeHome = remove;
    daemon = await startDaemon({ home });
    const plugins = {
      volumes: pluginArchive(volumePlugin),
      hanging: pluginArchive(perlPlugin()),
      well: pluginArchive(perlPlugin()),
    };
    const api = pluginApi(daemon.socket);
    for (const [name, archive] of Object.entries(plugins)) {
      await api.create(`acme/${name}`, archive);
      await api.enable(`acme/${name}`);
      await daemon.untilLogged(new RegExp(`"acme/${name}:latest".*can be used through a socket`));
    }
  });
  after(async () => {
    const api = pluginApi(daemon.socket);
    for (const name of ['volumes', 'hanging', 'well']) await api.remove(`acme/${name}`, { force: true });
    await removeHome();
  });

  const call = (plugin: string, method: string, body?: object | string) =>
    callPlugin(join(daemon.gatewayDirectory, `${plugin}.sock`), method, body);
  const ask = (method: string, body: object) => call('volumes', `VolumeDriver.${method}`, body);

  test('carry paths of the host, which lead to the volume', async () => {
    const volume = { Name: 'data' };
    assert.equal((await ask('Create', volume)).status, 200);
    const mounted = await ask('Mount', { ...volume, ID: 'web' });
    const path = String(mounted.body.Mountpoint);
    assert.ok(path.startsWith(`${daemon.dataRoot}/plugins/`), path);
    assert.ok(statSync(path).isDirectory());
    assert.equal((await ask('Path', volume)).body.Mountpoint, path);
    assert.deepEqual((await ask('Get', volume)).body.Volume, {
      Name: 'data',
      Mountpoint: path,
      Status: { kind: 'folder' },
    });
    assert.deepEqual((await call('volumes', 'VolumeDriver.List')).body.Volumes, [
      { Name: 'data', Mountpoint: path, Status: { kind: 'folder' } },
    ]);
    for (const id of ['web', 'of nobody']) {
      const unmounted = await ask('Unmount', { ...volume, ID: id });
      assert.deepEqual([unmounted.status, unmounted.body.Err], [200, '']);
    }
    assert.equal((await ask('Remove', volume)).status, 200);
    assert.ok(!existsSync(path));
  });

  test('never carry a path that leads out of the plugin', async () => {
    const volume = { Name: 'escaping-1' };
    await ask('Create', volume);
    for (const method of ['Mount', 'Path']) {
      const answer = await ask(method, { ...volume, ID: 'web' });
      assert.equal(answer.status, 500);
      assert.match(String(answer.body.Err), /leads out of what it may share/);
    }
    const { Volume: shown } = (await ask('Get', volume)).body;
    assert.deepEqual(shown, { Name: 'escaping-1', Status: { kind: 'folder' } });
  });

  test('report failures of a driver as failures, with its own words', async () => {
    const refused = await ask('Create', { Name: 'refused-1' });
    assert.deepEqual([refused.status, refused.body.Err], [500, 'out of space']);
    const missing = await ask('Mount', { Name: 'missing', ID: 'web' });
    assert.deepEqual([missing.status, missing.body.Err], [500, 'no such volume missing']);
  });

  test('to a plugin that hangs fail at once, delay no other plugin, and recover', async () => {
    const options = { Gateway: { TimeoutSeconds: 1, MaxFailures: 2, PauseSeconds: 1 } };
    const updated = await callApi(daemon.socket, 'POST', '/outboard/v1/plugins/acme/hanging/options', {
      body: JSON.stringify(options),
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(updated.status, 200, updated.text);
    const { text } = await callApi(daemon.socket, 'GET', '/plugins/acme/hanging/json');
    const pid = pidOfPlugin(daemon.execRoot, JSON.parse(text).Id);
    process.kill(pid, 'SIGSTOP');
    try {
      const late = await Promise.all([1, 2].map(() => call('hanging', 'VolumeDriver.List')));
      for (const { status, body } of late) {
        assert.equal(status, 504);
        assert.equal(body.Err, 'VolumeDriver.List: no answer from the plugin within 1 s');
      }
      const [refused, well] = await Promise.all([
        call('hanging', 'VolumeDriver.List'),
        call('well', 'VolumeDriver.List'),
      ]);
      assert.equal(refused.status, 503);
      assert.match(
        String(refused.body.Err),
        /^plugin acme\/hanging:latest does not answer: 2 calls in a row failed \(.*within 1 s\); /,
      );
      assert.deepEqual([well.status, well.body.Volumes], [200, []]);
      assert.equal((await call('hanging', 'Plugin.Activate')).status, 200);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    // Each call that is refused is answered at once; the trial comes with a call after the pause.
    let answer = await call('hanging', 'VolumeDriver.List');
    while (answer.status !== 200) answer = await call('hanging', 'VolumeDriver.List');
    assert.deepEqual(answer.body.Volumes, []);
  });

  test('that are too large are refused', async () => {
    const answer = await call('well', 'VolumeDriver.Create', `{"Name":"${'x'.repeat(9 * 1024 * 1024)}"}`);
    assert.deepEqual(
      [answer.status, answer.body.Err],
      [413, 'the request is too large: want at most 8388608 bytes'],
    );
  });
});
