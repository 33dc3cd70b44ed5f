/**
 * Podman uses volumes of a plugin that mounts real file systems: through the life of a volume, and over everything that ends
 * the plugin or the daemon. Each container reports the device that it writes to, which must be that of the volume.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DisposalStack } from '@outboard/async';
import { callApi } from '../support/daemon.ts';
import { ext4PluginArchive, needsExt4 } from '../support/ext4-plugin.ts';
import { snapshotHost } from '../support/host-snapshot.ts';
import { perlServer } from '../support/perl-server.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { needsPodman } from '../support/podman.ts';
import { fileSystemAt, openPodmanDaemon, type PodmanDaemon } from '../support/podman-daemon.ts';
import { startRegistry } from '../support/registry.ts';

/** Prints the type of the file system at `/data` and its device. */
const where = 'stat -f -c %T /data; stat -c %d /data';

describe('volumes of a managed plugin in containers of Podman', { skip: needsPodman || needsExt4 }, () => {
  let place: PodmanDaemon;
  let id: string;

  before(async () => {
    place = await openPodmanDaemon();
    id = await place.enable('acme/ext4', ext4PluginArchive());
  });
  after(() => place.remove());

  /** Path of a mounted volume on the host. */
  const hostPath = (volume: string) =>
    place.podman.succeed('volume', 'inspect', '--format', '{{.Mountpoint}}', volume);

  /** Fails unless a report of `where` names the file system of the volume on the host. */
  async function assertOnVolume(report: string, volume: string): Promise<void> {
    const { device, type } = fileSystemAt(await hostPath(volume));
    assert.equal(type, 'ext4');
    assert.equal(report, `ext2/ext3\n${device}`);
  }

  const send = (method: string, path: string, body?: string) =>
    callApi(place.daemon.socket, method, path, {
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body }),
    });

  /** Run a script in the container that holds the volume `held`. */
  const inHolder = (script: string) => place.podman.succeed('exec', 'holder', 'sh', '-c', script);

  /** The holder still writes to the volume, and a new container finds the same data on the same device. */
  async function assertIntact(event: string): Promise<void> {
    await assertOnVolume(await inHolder(`echo ${event} >> /data/log; ${where}`), 'held');
    const seen = await place.podman.inContainer(['--volume', 'held:/data'], `${where}; tail -n 1 /data/log`);
    const lines = seen.split('\n');
    assert.equal(lines.pop(), event);
    await assertOnVolume(lines.join('\n'), 'held');
  }

  it('create, write, read in another container, list, remove', async () => {
    const { podman } = place;
    const before = snapshotHost(place.home, { plugins: [id] }).mounts;
    await podman.succeed('volume', 'create', '--driver', 'ext4', 'life');
    const report = await podman.inContainer(['--volume', 'life:/data'], `echo written > /data/f; ${where}`);
    assert.match(report, /^ext2\/ext3\n\d+$/);
    assert.equal(await podman.inContainer(['--volume', 'life:/data'], 'cat /data/f'), 'written');
    assert.equal(await podman.succeed('volume', 'ls', '--format', '{{.Driver}} {{.Name}}'), 'ext4 life');
    await podman.succeed('volume', 'rm', 'life');
    assert.equal(await podman.succeed('volume', 'ls', '--quiet'), '');
    assert.deepEqual(snapshotHost(place.home, { plugins: [id] }).mounts, before);
  });

  it('two containers with one volume share one file system, which goes with the last one', async () => {
    const { podman } = place;
    await podman.succeed('volume', 'create', '--driver', 'ext4', 'shared');
    const one = await podman.inContainer(['--detach', '--volume', 'shared:/data'], 'sleep 600');
    const report = await podman.inContainer(['--volume', 'shared:/data'], `echo both > /data/f; ${where}`);
    await assertOnVolume(report, 'shared');
    assert.equal(await podman.succeed('exec', one, 'cat', '/data/f'), 'both');
    const path = await hostPath('shared');
    await podman.succeed('rm', '--force', '--time', '0', one);
    assert.equal(fileSystemAt(path).type, 'not mounted');
    await podman.succeed('volume', 'rm', 'shared');
  });

  it('a container that holds a volume keeps it, and a new one gets it, over a kill of the plugin', async () => {
    const { podman } = place;
    await podman.succeed('volume', 'create', '--driver', 'ext4', 'held');
    await podman.inContainer(['--detach', '--name', 'holder', '--volume', 'held:/data'], 'sleep 600');
    await assertIntact('start');
    await place.killPlugin(id);
    await assertIntact('plugin-kill');
  });

  it('the same over a kill of the daemon', async () => {
    await place.restart('SIGKILL');
    await assertIntact('daemon-kill');
  });

  it('the same over a restart of the daemon', async () => {
    await place.restart('SIGTERM');
    await assertIntact('daemon-restart');
  });

  it('the same over a kill of plugin and daemon together', async () => {
    await place.killBoth(id);
    await assertIntact('both-killed');
  });

  it('the same over an upgrade and a roll back, during which a container starts', async () => {
    await using stack = new DisposalStack();
    const registry = await startRegistry();
    stack.defer(() => registry.stop());
    const remote = `${registry.host}/acme/ext4:v2`;
    await place.api.create(remote, ext4PluginArchive('none', { Description: 'version two' }));
    await place.api.push(remote);
    await place.api.remove(remote);
    const query = new URLSearchParams({ remote });
    const { text: privileges } = await send('GET', `/plugins/privileges?${query}`);
    await place.podman.succeed('volume', 'create', '--driver', 'ext4', 'meanwhile');
    const switches = [`upgrade?${query}`, 'rollback'].map(
      (action) => `/outboard/v1/plugins/acme/ext4/${action}`,
    );
    for (const [index, path] of switches.entries()) {
      const [{ text }, report] = await Promise.all([
        send('POST', path, privileges),
        place.podman.inContainer(['--volume', 'meanwhile:/data'], `${where}; ls /data`),
      ]);
      assert.doesNotMatch(text, /error/i);
      assert.match(report, /^ext2\/ext3\n\d+\nlost\+found$/);
      await assertIntact(`switched-${index}`);
    }
    await place.podman.succeed('volume', 'rm', 'meanwhile');
  });

  it('nothing was lost in between, and the last container takes the mount with it', async () => {
    const events = [
      'start',
      'plugin-kill',
      'daemon-kill',
      'daemon-restart',
      'both-killed',
      'switched-0',
      'switched-1',
    ];
    assert.equal(await inHolder('cat /data/log'), events.join('\n'));
    const path = await hostPath('held');
    await place.podman.succeed('rm', '--force', '--time', '0', 'holder');
    assert.equal(fileSystemAt(path).type, 'not mounted');
    assert.deepEqual(readdirSync(path), [], 'something was written below the mount');
    await place.podman.succeed('volume', 'rm', 'held');
  });
});

describe('paths of a plugin that mean something else on the host', { skip: needsPodman }, () => {
  let place: PodmanDaemon;
  let decoy: string;

  /** Volumes are directories. `absent-…` has a path that does not exist, `escaping-…` is a link that leads out. */
  const answering = () => `
sub answer {
  my ($call, $name) = @_;
  my $path = "${decoy}/$name";
  $path = "${decoy}/absent/$name" if $name =~ /^absent/;
  return '{"Implements":["VolumeDriver"]}' if $call eq '/Plugin.Activate';
  return '{"Err":"no such volume"}' if $call eq '/VolumeDriver.Get' && !-d "${decoy}/$name";
  symlink '/usr', $path if $call eq '/VolumeDriver.Create' && $name =~ /^escaping/;
  mkdir "${decoy}/$name" if $call eq '/VolumeDriver.Create';
  return qq({"Volume":{"Name":"$name"}}) if $call eq '/VolumeDriver.Get';
  return qq({"Mountpoint":"$path"}) if $call eq '/VolumeDriver.Mount';
  return '{}';
}
`;

  before(async () => {
    place = await openPodmanDaemon();
    // The plugin's own path exists on the host, and holds something else.
    decoy = join(place.home, 'inside');
    await mkdir(join(decoy, 'data'), { recursive: true });
    await writeFile(join(decoy, 'data', 'of-the-host'), 'untouched');
    const config = { Entrypoint: ['/usr/bin/perl', '/plugin.pl'], PropagatedMount: decoy };
    const files = { '/plugin.pl': perlServer('', answering()), [`${decoy}/.keep`]: '' };
    await place.enable('acme/decoy', pluginArchive({ script: '', files, config }));
  });
  after(() => place.remove());

  it('data never goes to the directory of the host that has the path of the plugin', async () => {
    const { podman } = place;
    await podman.succeed('volume', 'create', '--driver', 'decoy', 'data');
    assert.equal(await podman.inContainer(['--volume', 'data:/data'], 'ls /data; echo x > /data/f'), '');
    assert.deepEqual(readdirSync(join(decoy, 'data')), ['of-the-host']);
    assert.equal(await podman.inContainer(['--volume', 'data:/data'], 'cat /data/f'), 'x');
  });

  it('a path at which nothing is, or that leads out of the plugin, is an error that Podman shows', async () => {
    const { podman } = place;
    for (const name of ['absent-one', 'escaping-one']) {
      await podman.succeed('volume', 'create', '--driver', 'decoy', name);
      const errors = await podman.fail(
        'run',
        '--rm',
        '--volume',
        `${name}:/data`,
        podman.image,
        'touch',
        '/data/f',
      );
      assert.match(errors, new RegExp(`error.*volume ${name}|${name}`));
      assert.doesNotMatch(errors, /JSON|unmarshal|empty error/);
    }
  });

  it('Podman is no longer told of a plugin that was removed', async () => {
    const directory = join(place.podman.prefix, 'etc', 'containers', 'containers.conf.d');
    assert.deepEqual(readdirSync(directory), ['50-outboard-decoy.conf']);
    const followed = place.daemon.untilLogged(/consumer's file removed/);
    await place.api.remove('acme/decoy', { force: true });
    await followed;
    assert.deepEqual(readdirSync(directory), []);
  });
});
