/**
 * Docker Engine uses the volumes of a managed plugin through the gateway: the plugin is a legacy plugin for it. Every
 * volume is an ext4 file system of its own, so that its device tells whether a container writes to the volume.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DisposalStack } from '@outboard/async';
import { callApi } from '../support/daemon.ts';
import { busyboxImage, needsDockerEngine } from '../support/docker-engine.ts';
import { type DockerHost, openDockerHost } from '../support/docker-host.ts';
import { ext4PluginArchive, needsExt4 } from '../support/ext4-plugin.ts';
import { startRegistry } from '../support/registry.ts';
import { untilOtherPid } from '../support/restartable-daemon.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';

describe('volumes of a managed plugin in Docker Engine', { skip: needsDockerEngine || needsExt4 }, () => {
  let host: DockerHost;
  let id: string;

  before(async () => {
    host = await openDockerHost({ plugins: { 'acme/disk': ext4PluginArchive('memory') } });
    id = readdirSync(join(host.daemon.dataRoot, 'plugins')).find((name) => name.length === 64) ?? '';
  });
  after(() => host[Symbol.asyncDispose]());

  const docker = (...args: readonly string[]) => host.engine.docker.succeed(...args);
  const run = (volume: string, script: string) =>
    docker('run', '--rm', '--network=none', '-v', `${volume}:/data`, busyboxImage, 'sh', '-c', script);
  const start = (name: string, volume: string) => {
    const flags = ['--detach', '--network=none', '--name', name, '-v', `${volume}:/data`];
    return docker('run', ...flags, busyboxImage, 'sleep', '1000');
  };
  const inContainer = (name: string, script: string) => docker('exec', name, 'sh', '-c', script);
  const hostPath = (volume: string) => join(host.daemon.dataRoot, 'plugins', id, 'propagated-mount', volume);
  const killPlugin = async () => {
    const pid = pidOfPlugin(host.daemon.execRoot, id);
    process.kill(pid, 'SIGKILL');
    await untilOtherPid(host.daemon.execRoot, id, pid);
  };

  /** Assert that a container sees a file system of its own at /data, and that the host sees the same one at its path. */
  async function assertOnVolume(container: string, volume: string): Promise<void> {
    const seen = await inContainer(container, 'stat -f -c %T /data; stat -c %d /data');
    const { dev } = statSync(hostPath(volume));
    assert.equal(seen, `ext2/ext3\n${dev}\n`);
    assert.notEqual(dev, statSync(host.home).dev, `nothing is mounted at ${hostPath(volume)}`);
  }
  const isMounted = (volume: string) =>
    readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${hostPath(volume)} `);

  it('creates, lists, inspects, mounts and removes a volume', async () => {
    assert.equal(await docker('volume', 'create', '--driver', 'disk', 'first'), 'first\n');
    assert.equal(await docker('volume', 'ls', '--quiet'), 'first\n');
    const [inspected] = JSON.parse(await docker('volume', 'inspect', 'first'));
    assert.deepEqual([inspected.Driver, inspected.Mountpoint], ['disk', hostPath('first')]);
    await run('first', 'echo hello > /data/file');
    assert.equal(await run('first', 'cat /data/file'), 'hello\n');
    await docker('volume', 'rm', 'first');
    assert.equal(await docker('volume', 'ls', '--quiet'), '');
  });

  it('keeps a volume mounted until the last of two containers ends, and over docker cp', async () => {
    await docker('volume', 'create', '--driver', 'disk', 'shared');
    for (const name of ['one', 'two']) await start(name, 'shared');
    await inContainer('one', 'echo hello > /data/file');
    // Docker Engine mounts and unmounts the volume once more, with the ID of the container that runs.
    await docker('cp', 'one:/data/file', join(host.home, 'copy'));
    assert.equal(readFileSync(join(host.home, 'copy'), 'utf8'), 'hello\n');
    await docker('rm', '--force', 'one');
    await assertOnVolume('two', 'shared');
    assert.equal(await inContainer('two', 'cat /data/file'), 'hello\n');
    await docker('rm', '--force', 'two');
    assert.ok(!isMounted('shared'), 'the volume is mounted without a container');
    await docker('volume', 'rm', 'shared');
  });

  it('keeps the data of a container over kills and restarts of plugin and daemon', async () => {
    await docker('volume', 'create', '--driver', 'disk', 'kept');
    await start('holder', 'kept');
    const lines: string[] = [];
    const events: readonly (readonly [string, () => Promise<void>])[] = [
      ['plugin killed', killPlugin],
      ['daemon killed', () => host.nextDaemon('SIGKILL')],
      ['daemon restarted', () => host.nextDaemon('SIGTERM')],
      [
        'both killed',
        () =>
          host.nextDaemon('SIGKILL', () =>
            Promise.resolve(process.kill(pidOfPlugin(host.daemon.execRoot, id), 'SIGKILL')).then(
              () => undefined,
            ),
          ),
      ],
    ];
    for (const [event, cause] of events) {
      await cause();
      await assertOnVolume('holder', 'kept');
      await inContainer('holder', `echo held: ${event} >> /data/file`);
      await run('kept', `echo new: ${event} >> /data/file`);
      lines.push(`held: ${event}`, `new: ${event}`);
      await assertOnVolume('holder', 'kept');
      assert.equal(readFileSync(join(hostPath('kept'), 'file'), 'utf8'), `${lines.join('\n')}\n`, event);
    }
    await docker('rm', '--force', 'holder');
    assert.ok(!isMounted('kept'), 'the volume is mounted without a container');
    assert.equal(await run('kept', 'cat /data/file'), `${lines.join('\n')}\n`);
    await docker('volume', 'rm', 'kept');
  });

  it('keeps them over an upgrade and a roll back, during which a container starts', async () => {
    await using stack = new DisposalStack();
    const registry = await startRegistry();
    stack.defer(() => registry.stop());
    const remote = `${registry.host}/acme/disk:v2`;
    await host.api.create(remote, ext4PluginArchive('memory', { Description: 'version two' }));
    await host.api.push(remote);
    await host.api.remove(remote);
    const send = (method: string, path: string, body = '[]') =>
      callApi(host.daemon.socket, method, path, { headers: { 'content-type': 'application/json' }, body });
    const query = new URLSearchParams({ remote });
    const { text: privileges } = await callApi(host.daemon.socket, 'GET', `/plugins/privileges?${query}`);
    for (const volume of ['up', 'meanwhile']) await docker('volume', 'create', '--driver', 'disk', volume);
    await start('upgraded', 'up');
    for (const action of [`upgrade?${query}`, 'rollback']) {
      const [{ text }] = await Promise.all([
        send('POST', `/outboard/v1/plugins/acme/disk/${action}`, privileges),
        run('meanwhile', 'echo once >> /data/file'),
      ]);
      assert.doesNotMatch(text, /error/i);
      await inContainer('upgraded', 'echo once >> /data/file');
      await assertOnVolume('upgraded', 'up');
    }
    await docker('rm', '--force', 'upgraded');
    for (const volume of ['up', 'meanwhile']) {
      assert.equal(await run(volume, 'cat /data/file'), 'once\nonce\n', volume);
      await docker('volume', 'rm', volume);
    }
  });

  it('a container starts that asked while there was no daemon', async () => {
    await docker('volume', 'create', '--driver', 'disk', 'later');
    await docker('volume', 'inspect', 'later');
    let started: Promise<string> | undefined;
    await host.nextDaemon('SIGKILL', async () => {
      started = run('later', 'stat -f -c %T /data');
    });
    assert.equal(await started, 'ext2/ext3\n');
    await docker('volume', 'rm', 'later');
  });
});
