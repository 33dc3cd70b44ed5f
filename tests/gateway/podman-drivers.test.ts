/**
 * Podman uses volumes of real drivers beside each other: of Debian's rclone with its local and sftp backends and of the
 * example volume-sshfs, whose FUSE mounts end with the process of the plugin and are made again for the containers that hold
 * them, and of the example volume-local, whose volumes are directories.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DisposalStack } from '@outboard/async';
import { callApi } from '../support/daemon.ts';
import { examplePluginArchive } from '../support/example-plugin.ts';
import { snapshotHost } from '../support/host-snapshot.ts';
import { needsPodman } from '../support/podman.ts';
import { fileSystemAt, openPodmanDaemon, type PodmanDaemon } from '../support/podman-daemon.ts';
import { localRemote, makeRclonePlugin, needsRclone, sftpRemote } from '../support/rclone-plugin.ts';
import { startRegistry } from '../support/registry.ts';
import { type SftpServer, startSftpServer } from '../support/sftp-server.ts';
import { needsSshfs, sshfsPluginArchive, sshfsVolume } from '../support/sshfs-plugin.ts';

/** The volumes that a container holds, with the type of the mount at their host path. */
const mountTypes = {
  cloud: 'fuse.rclone',
  far: 'fuse.rclone',
  remote: 'fuse.sshfs',
  plain: 'not mounted',
} as const;
type Volume = keyof typeof mountTypes;
const volumes = Object.keys(mountTypes) as readonly Volume[];

/** Prints the file system of the working directory and its place there. Not every SFTP server tells about its file system. */
const where = 'stat -f -c %T . 2>/dev/null || echo untold; stat -c %d:%i .';

const headers = { 'content-type': 'application/json' };

describe('volumes of real drivers in containers of Podman', {
  skip: needsPodman || needsRclone || needsSshfs,
}, () => {
  let place: PodmanDaemon;
  let server: SftpServer;
  let ids: readonly string[];
  /** The content of each volume, read without its mount. */
  let stores: Readonly<Record<Volume, { read(file: string): Promise<string>; list(): readonly string[] }>>;

  before(async () => {
    place = await openPodmanDaemon();
    server = await startSftpServer(join(place.home, 'sftp'));
    for (const name of ['far', 'remote', 'life']) mkdirSync(join(server.directory, name));
    const rclone = makeRclonePlugin({ home: join(place.home, 'rclone'), ...sftpRemote('server', server) });
    // Version 1.60 never starts again with mounts in its own record: it waits for itself.
    const args = 'args=serve docker --forget-state';
    const local = await place.enable('acme/volume-local', examplePluginArchive('volume-local'));
    ids = [
      await place.enable('acme/rclone', rclone.archive, args),
      await place.enable('acme/sshfs', sshfsPluginArchive(server)),
      local,
    ];
    const directory = (path: string) => ({
      read: async (file: string) => readFileSync(join(path, file), 'utf8'),
      list: () => readdirSync(path),
    });
    const onServer = (name: string) => ({
      read: (file: string) => server.stored(join(name, file)),
      list: () => readdirSync(join(server.directory, name)),
    });
    const propagated = join(place.daemon.dataRoot, 'plugins', local, 'propagated-mount');
    stores = {
      cloud: directory(join(rclone.store, 'cloud')),
      far: onServer('far'),
      remote: onServer('remote'),
      plain: directory(join(propagated, 'plain')),
    };
  });
  after(async () => {
    await place.remove();
    await server[Symbol.asyncDispose]();
  });

  async function create(driver: string, name: string, options: ReadonlyMap<string, string>): Promise<void> {
    const opts = [...options].flatMap(([key, value]) => ['--opt', `${key}=${value}`]);
    await place.podman.succeed('volume', 'create', '--driver', driver, ...opts, name);
  }

  /** Host path of each volume that is held. */
  async function hostPaths(): Promise<readonly (readonly [Volume, string])[]> {
    const printed = await place.podman.succeed(
      'volume',
      'inspect',
      '--format',
      '{{.Mountpoint}}',
      ...volumes,
    );
    const paths = printed.split('\n');
    return volumes.map((volume, index) => [volume, paths[index] ?? ''] as const);
  }

  /** Run a script in the directory of each volume that is held: in the container that holds them, or in a new one. */
  function inVolumes(container: 'holder' | 'new', script: string): Promise<string> {
    const whole = `set -e; for each in ${volumes.join(' ')}; do cd /$each; ${script}; done`;
    return container === 'holder'
      ? place.podman.succeed('exec', 'holder', 'sh', '-c', whole)
      : place.podman.inContainer(mountOptions(), whole);
  }

  const mountOptions = () => volumes.flatMap((volume) => ['--volume', `${volume}:/${volume}:rslave`]);

  /** A new container and the holder write to the file systems that the host has at the volumes' paths, and see all data. */
  async function assertIntact(event: string): Promise<void> {
    const written = stores.plain.list().length;
    const seen: string[] = [];
    for (const writer of ['new', 'holder'] as const) {
      seen.push(await inVolumes(writer, `echo ${event} > ${event}-${writer}; ls | wc -l; ${where}`));
    }
    const paths = await hostPaths();
    const onHost = paths.map(([, path]) =>
      execFileSync('sh', ['-c', where], { cwd: path, encoding: 'utf8' }),
    );
    assert.deepEqual(
      seen,
      [1, 2].map((more) => onHost.map((report) => `${written + more}\n${report.trim()}`).join('\n')),
    );
    for (const [volume, path] of paths) {
      assert.equal(fileSystemAt(path).type, mountTypes[volume], volume);
      for (const writer of ['new', 'holder']) {
        assert.equal(await stores[volume].read(`${event}-${writer}`), `${event}\n`, volume);
      }
    }
  }

  /** The volumes that are mounts, with their host paths. */
  async function mounts(): Promise<readonly (readonly [Volume, string])[]> {
    return (await hostPaths()).filter(([volume]) => volume !== 'plain');
  }

  /** Their devices. A number that is free again may be that of the next mount, which makes it no proof of a new one. */
  const devices = async () => (await mounts()).map(([, path]) => fileSystemAt(path).device);

  it('volumes are created with options, written, read in another container, listed and removed', async () => {
    const { podman } = place;
    const before = snapshotHost(place.home, { plugins: ids }).mounts;
    await create('rclone', 'life-rclone', localRemote('life'));
    await create('sshfs', 'life-sshfs', sshfsVolume(server, '/life'));
    await create('volume-local', 'life-volume-local', new Map([['mode', '0750']]));
    const names = ['life-rclone', 'life-sshfs', 'life-volume-local'];
    const options = names.flatMap((name) => ['--volume', `${name}:/${name}`]);
    await podman.inContainer(options, names.map((name) => `echo ${name} > /${name}/f`).join(' && '));
    const read = names.map((name) => `cat /${name}/f`).join(' && ');
    assert.equal(
      await podman.inContainer(options, `${read} && stat -c %a /life-volume-local`),
      [...names, '750'].join('\n'),
    );
    assert.equal(readFileSync(join(place.home, 'rclone', 'store', 'life', 'f'), 'utf8'), 'life-rclone\n');
    assert.equal(await server.stored('life/f'), 'life-sshfs\n');
    const listed = await podman.succeed('volume', 'ls', '--format', '{{.Driver}} {{.Name}}');
    assert.deepEqual(
      listed.split('\n').sort(),
      names.map((name) => `${name.replace('life-', '')} ${name}`),
    );
    await podman.succeed('volume', 'rm', ...names);
    assert.equal(await podman.succeed('volume', 'ls', '--quiet'), '');
    assert.deepEqual(snapshotHost(place.home, { plugins: ids }).mounts, before);
  });

  it('volumes of Outboard are known to Podman after a reload', async () => {
    const remotes = { cloud: ':local:/store/cloud', far: 'server:/far' };
    for (const [Name, remote] of Object.entries(remotes)) {
      const body = JSON.stringify({
        Name,
        Driver: 'acme/rclone',
        DriverOpts: { remote, 'vfs-cache-mode': 'off' },
      });
      await callApi(place.daemon.socket, 'POST', '/volumes/create', { headers, body });
    }
    await place.podman.succeed('volume', 'reload');
    await create('sshfs', 'remote', sshfsVolume(server, '/remote'));
    await create('volume-local', 'plain', new Map());
    await place.podman.inContainer(['--detach', '--name', 'holder', ...mountOptions()], 'sleep 600');
    await assertIntact('start');
  });

  it('a kill of the daemon, and its restart, leave the mounts as they are', async () => {
    const before = await devices();
    await place.restart('SIGKILL');
    await assertIntact('daemon-killed');
    await place.restart('SIGTERM');
    await assertIntact('daemon-restarted');
    assert.deepEqual(await devices(), before);
  });

  it('after a kill of the plugins, new containers and the one that holds the volumes are on new mounts', async () => {
    await Promise.all(ids.map((id) => place.killPlugin(id)));
    await assertIntact('plugins-killed');
  });

  it('the same after a kill of plugins and daemon together', async () => {
    await place.killBoth(...ids);
    await assertIntact('all-killed');
  });

  it('the same after an upgrade of sshfs, which is refused without force while its mount is in use', async () => {
    await using stack = new DisposalStack();
    const registry = await startRegistry();
    stack.defer(() => registry.stop());
    const { api, daemon } = place;
    const remote = `${registry.host}/acme/sshfs:v2`;
    await api.create(remote, sshfsPluginArchive(server, { Description: 'version two' }));
    await api.push(remote);
    await api.remove(remote);
    const query = new URLSearchParams({ remote });
    const { text: body } = await callApi(daemon.socket, 'GET', `/plugins/privileges?${query}`);
    const path = `/outboard/v1/plugins/acme/sshfs/upgrade?${query}`;
    const refusal = await callApi(daemon.socket, 'POST', path, { headers, body });
    assert.equal(refusal.status, 409);
    assert.match(refusal.text, /volume remote mounted by podman.*fuse\.sshfs is served by the plugin/);
    const { text } = await callApi(daemon.socket, 'POST', `${path}&force=1`, { headers, body });
    assert.doesNotMatch(text, /error/i);
    const { text: plugin } = await callApi(daemon.socket, 'GET', '/plugins/acme/sshfs/json');
    assert.equal(JSON.parse(plugin).Config.Description, 'version two');
    await assertIntact('upgraded');
  });

  it('the last container takes the mounts with it, and nothing was written below them', async () => {
    const paths = await mounts();
    for (const volume of volumes) assert.equal(stores[volume].list().length, 12, volume);
    await place.podman.succeed('rm', '--force', '--time', '0', 'holder');
    for (const [volume, path] of paths) {
      assert.equal(fileSystemAt(path).type, 'not mounted', volume);
      assert.deepEqual(readdirSync(path), [], volume);
    }
    await place.podman.succeed('volume', 'rm', 'remote', 'plain');
    assert.equal(stores.remote.list().length, 12, 'files of the server went with the volume');
  });
});
