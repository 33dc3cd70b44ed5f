/**
 * Docker Engine uses the volumes of a managed plugin through the gateway: the plugin is a legacy plugin for it. Every
 * volume is an ext4 file system of its own, so that its device tells whether a container writes to the volume.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { busyboxImage, needsDockerEngine } from '../support/docker-engine.ts';
import { type DockerHost, openDockerHost } from '../support/docker-host.ts';
import { ext4PluginArchive, needsExt4 } from '../support/ext4-plugin.ts';

describe('volumes of a managed plugin in Docker Engine', { skip: needsDockerEngine || needsExt4 }, () => {
  let host: DockerHost;
  let id: string;

  before(async () => {
    host = await openDockerHost({ plugins: { 'acme/disk': ext4PluginArchive() } });
    id = readdirSync(join(host.daemon.dataRoot, 'plugins')).find((name) => name.length === 64) ?? '';
  });
  after(() => host[Symbol.asyncDispose]());

  const docker = (...args: readonly string[]) => host.engine.docker.succeed(...args);
  const run = (volume: string, script: string, ...flags: readonly string[]) =>
    docker(
      'run',
      '--rm',
      '--network=none',
      '-v',
      `${volume}:/data`,
      ...flags,
      busyboxImage,
      'sh',
      '-c',
      script,
    );
  it('creates, lists, inspects, mounts and removes a volume', async () => {
    assert.equal(await docker('volume', 'create', '--driver', 'disk', 'first'), 'first\n');
    assert.equal(await docker('volume', 'ls', '--quiet'), 'first\n');
    const [inspected] = JSON.parse(await docker('volume', 'inspect', 'first'));
    const expected = join(host.daemon.dataRoot, 'plugins', id, 'propagated-mount', 'first');
    assert.deepEqual([inspected.Driver, inspected.Mountpoint], ['disk', expected]);
    await run('first', 'echo hello > /data/file');
    assert.equal(await run('first', 'cat /data/file'), 'hello\n');
    await docker('volume', 'rm', 'first');
    assert.equal(await docker('volume', 'ls', '--quiet'), '');
  });
});
