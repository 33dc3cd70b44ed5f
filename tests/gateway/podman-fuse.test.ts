/**
 * Podman uses volumes of Debian's rclone, which are FUSE mounts: they end with the process of the plugin, and are made again
 * for the containers that hold them.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { callApi } from '../support/daemon.ts';
import { needsPodman } from '../support/podman.ts';
import { fileSystemAt, openPodmanDaemon, type PodmanDaemon } from '../support/podman-daemon.ts';
import { makeRclonePlugin, needsRclone } from '../support/rclone-plugin.ts';

describe('volumes of rclone in containers of Podman', { skip: needsPodman || needsRclone }, () => {
  let place: PodmanDaemon;
  let id: string;
  let store: string;

  before(async () => {
    place = await openPodmanDaemon();
    const plugin = makeRclonePlugin({ home: join(place.home, 'rclone') });
    store = plugin.store;
    // Version 1.60 never starts again with mounts in its own record: it waits for itself.
    id = await place.enable('acme/rclone', plugin.archive, 'args=serve docker --forget-state');
  });
  after(() => place.remove());

  const hostPath = () => place.podman.succeed('volume', 'inspect', '--format', '{{.Mountpoint}}', 'cloud');
  const inHolder = (script: string) => place.podman.succeed('exec', 'holder', 'sh', '-c', script);

  /** The holder and a new container write through one FUSE mount, which the host has at the volume's path. */
  async function assertIntact(event: string): Promise<void> {
    const write = (writer: string) => `echo ${event} > /data/${event}-${writer} && stat -c %d /data`;
    const devices = [
      await place.podman.inContainer(['--volume', 'cloud:/data'], write('new')),
      await inHolder(write('holder')),
    ];
    const { device, type } = fileSystemAt(await hostPath());
    assert.equal(type, 'fuse.rclone');
    assert.deepEqual(devices, [String(device), String(device)]);
    for (const writer of ['new', 'holder']) {
      assert.equal(readFileSync(join(store, 'cloud', `${event}-${writer}`), 'utf8'), `${event}\n`);
    }
  }

  it('a volume is created with options, written, listed and removed', async () => {
    const { podman } = place;
    const options = ['--opt', 'remote=:local:/store/life', '--opt', 'vfs-cache-mode=off'];
    await podman.succeed('volume', 'create', '--driver', 'rclone', ...options, 'life');
    await podman.inContainer(['--volume', 'life:/data'], 'echo x > /data/f');
    assert.equal(readFileSync(join(store, 'life', 'f'), 'utf8'), 'x\n');
    assert.equal(await podman.succeed('volume', 'ls', '--format', '{{.Driver}} {{.Name}}'), 'rclone life');
    await podman.succeed('volume', 'rm', 'life');
    assert.equal(await podman.succeed('volume', 'ls', '--quiet'), '');
  });

  it('a volume of Outboard is known to Podman after a reload', async () => {
    const DriverOpts = { remote: ':local:/store/cloud', 'vfs-cache-mode': 'off' };
    const body = JSON.stringify({ Name: 'cloud', Driver: 'acme/rclone', DriverOpts });
    const headers = { 'content-type': 'application/json' };
    await callApi(place.daemon.socket, 'POST', '/volumes/create', { headers, body });
    await place.podman.succeed('volume', 'reload');
    await place.podman.inContainer(
      ['--detach', '--name', 'holder', '--volume', 'cloud:/data:rslave'],
      'sleep 600',
    );
    await assertIntact('start');
  });

  it('a kill of the daemon, and its restart, leave the mount as it is', async () => {
    const { device } = fileSystemAt(await hostPath());
    await place.restart('SIGKILL');
    await assertIntact('daemon-killed');
    await place.restart('SIGTERM');
    await assertIntact('daemon-restarted');
    assert.equal(fileSystemAt(await hostPath()).device, device);
  });

  it('after a kill of the plugin, new containers and the one that holds the volume are on a new mount', async () => {
    const { device } = fileSystemAt(await hostPath());
    await place.killPlugin(id);
    await assertIntact('plugin-killed');
    assert.notEqual(fileSystemAt(await hostPath()).device, device);
  });

  it('the same after a kill of plugin and daemon together', async () => {
    await place.killBoth(id);
    await assertIntact('both-killed');
  });

  it('the last container takes the mount with it, and nothing was written below it', async () => {
    const path = await hostPath();
    assert.equal(readdirSync(join(store, 'cloud')).length, 10);
    await place.podman.succeed('rm', '--force', '--time', '0', 'holder');
    assert.equal(fileSystemAt(path).type, 'not mounted');
    assert.deepEqual(readdirSync(path), []);
  });
});
