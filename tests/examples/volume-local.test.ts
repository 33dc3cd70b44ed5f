/**
 * The example volume plugin as a process, through its socket.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type PluginProcess, startPluginProcess } from '../support/node-plugin.ts';
import { callPlugin, type PluginAnswer } from '../support/plugin-client.ts';

const mainFile = fileURLToPath(new URL('../../examples/volume-local/dist/main.js', import.meta.url));

describe('the example plugin volume-local', () => {
  let directory: string;
  let root: string;
  let socket: string;
  let plugin: PluginProcess;

  function start(): Promise<PluginProcess> {
    return startPluginProcess([process.execPath, mainFile, socket], socket, { VOLUME_LOCAL_ROOT: root });
  }

  function call(method: string, body?: object): Promise<PluginAnswer> {
    return callPlugin(socket, `VolumeDriver.${method}`, body);
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-volume-local-'));
    root = join(directory, 'volumes');
    socket = join(directory, 'p.sock');
    plugin = await start();
  });

  afterEach(async () => {
    await plugin.end('SIGKILL');
    await rm(directory, { recursive: true });
  });

  test('creates a directory with the requested mode and shows it', async () => {
    assert.deepEqual((await call('Create', { Name: 'data', Opts: { mode: '1770' } })).body, {});
    assert.equal((await stat(join(root, 'data'))).mode & 0o7777, 0o1770);
    const { Volume: volume } = (await call('Get', { Name: 'data' })).body;
    assert.ok(typeof volume === 'object' && volume !== null && 'Status' in volume && 'Mountpoint' in volume);
    assert.equal(volume.Mountpoint, join(root, 'data'));
    const status = volume.Status;
    assert.ok(typeof status === 'object' && status !== null && 'Mode' in status);
    assert.equal(status.Mode, '1770');
  });

  test('keeps volumes, content and mounts when it is killed', async () => {
    await call('Create', { Name: 'data' });
    const { Mountpoint: mountpoint } = (await call('Mount', { Name: 'data', ID: 'c1' })).body;
    await writeFile(join(String(mountpoint), 'hello'), 'world');
    const journal = JSON.parse(await readFile(join(root, '.volume-local', 'mounts.json'), 'utf8'));
    assert.deepEqual(journal.mounts, { data: { c1: 1 } });
    await plugin.end('SIGKILL');
    plugin = await start();
    assert.equal((await call('Remove', { Name: 'data' })).status, 500);
    assert.equal(await readFile(join(root, 'data', 'hello'), 'utf8'), 'world');
    await call('Unmount', { Name: 'data', ID: 'c1' });
    assert.equal((await call('Remove', { Name: 'data' })).status, 200);
    assert.deepEqual((await readdir(root)).sort(), ['.volume-local']);
  });

  test('erases a volume without following links in it', async () => {
    await writeFile(join(directory, 'precious'), 'keep');
    await call('Create', { Name: 'data' });
    await symlink(directory, join(root, 'data', 'link'));
    assert.equal((await call('Remove', { Name: 'data' })).status, 200);
    assert.equal(await readFile(join(directory, 'precious'), 'utf8'), 'keep');
  });

  test('finds no volume behind a link in its root', async () => {
    await symlink(directory, join(root, 'link'));
    assert.equal((await call('Get', { Name: 'link' })).status, 500);
    assert.deepEqual((await call('List')).body, { Volumes: [] });
  });

  for (const name of ['..', '.', '.volume-local', 'a/b', '../x', '-a', 'a b', 'a\0', 'n'.repeat(256)]) {
    test(`refuses the name ${JSON.stringify(name.slice(0, 20))}`, async () => {
      const answer = await call('Create', { Name: name });
      assert.equal(answer.status, 500);
      assert.match(String(answer.body.Err), /cannot name a volume/);
      assert.deepEqual(await readdir(root), ['.volume-local']);
    });
  }

  for (const [options, reason] of [
    [{ mode: '8' }, /cannot use mode "8"/],
    [{ mode: '4755' }, /cannot use mode "4755"/],
    [{ size: '1g' }, /unknown option "size": the only option is "mode"/],
  ] as const) {
    test(`refuses the options ${JSON.stringify(options)} and creates nothing`, async () => {
      assert.match(String((await call('Create', { Name: 'data', Opts: options })).body.Err), reason);
      assert.deepEqual((await call('List')).body, { Volumes: [] });
    });
  }

  test('lists volumes by name', async () => {
    for (const name of ['b', 'a']) await call('Create', { Name: name });
    const { Volumes: volumes } = (await call('List')).body;
    assert.ok(Array.isArray(volumes));
    assert.deepEqual(
      volumes.map((volume: { Name: string }) => volume.Name),
      ['a', 'b'],
    );
  });

  test('exits on SIGTERM with code 0 and removes its socket', async () => {
    assert.equal(await plugin.end('SIGTERM'), 0);
    await assert.rejects(stat(socket), { code: 'ENOENT' });
  });
});
