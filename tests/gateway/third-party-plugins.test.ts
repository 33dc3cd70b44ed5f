/**
 * Plugins of others, packed from Debian's programs, run under the engine: their volumes are real mounts, which the host
 * sees.
 */
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { pollUntil } from '@outboard/async';
import { ext4Plugin, needsExt4 } from '../support/ext4-plugin.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { localRemote, makeRclonePlugin, sftpRemote } from '../support/rclone-plugin.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';
import { startSftpServer } from '../support/sftp-server.ts';
import { needsSshfs, sshfsPluginArchive, sshfsVolume } from '../support/sshfs-plugin.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

describe('plugins packed from programs of Debian', { skip: needsRoot }, () => {
  let subject: TestEngine;
  before(async () => {
    subject = await openTestEngine();
  });
  after(() => subject[Symbol.asyncDispose]());

  /** Mount a volume, write a file through its host path, and check that the path is a mount of its own. */
  async function writeThrough(volume: string): Promise<string> {
    const path = await subject.engine.volumes.mount(volume, 'me');
    assert.notEqual(statSync(path).dev, statSync(dirname(path)).dev, `nothing is mounted at ${path}`);
    await writeFile(join(path, 'hello'), 'world');
    return path;
  }

  it('ext4 on a loop device: a file is written through the host path, and is back after another mount', {
    skip: needsExt4,
  }, async () => {
    const { engine } = subject;
    await engine.create({ name: 'acme/ext4', context: pluginContext(ext4Plugin()) });
    await engine.enable('acme/ext4');
    await engine.volumes.create({ name: 'disk', driver: 'acme/ext4' });
    const path = await writeThrough('disk');
    await engine.volumes.unmount('disk', 'me');
    assert.equal(statSync(path).dev, statSync(dirname(path)).dev, 'the volume is still mounted');
    assert.equal(await readFile(join(await engine.volumes.mount('disk', 'me'), 'hello'), 'utf8'), 'world');
    await engine.volumes.unmount('disk', 'me');
    await engine.volumes.remove('disk');
  });

  it('rclone with its local and sftp backends: files written through the host paths are in the stores', {
    skip: needsSshfs,
  }, async () => {
    const { engine } = subject;
    await using server = await startSftpServer(join(subject.execRoot, '..', 'sftp-rclone'));
    await mkdir(join(server.directory, 'far'));
    const { archive, store } = makeRclonePlugin({
      home: join(subject.execRoot, '..', 'rclone'),
      ...sftpRemote('far', server),
    });
    await engine.create({ name: 'acme/rclone', context: Readable.from([archive]) });
    await engine.enable('acme/rclone');
    await engine.volumes.create({ name: 'cloud', driver: 'acme/rclone', options: localRemote('cloud') });
    await writeThrough('cloud');
    await engine.volumes.unmount('cloud', 'me');
    assert.equal(await readFile(join(store, 'cloud', 'hello'), 'utf8'), 'world');
    await engine.volumes.remove('cloud');
    const options = new Map([['remote', 'far:/far']]);
    await engine.volumes.create({ name: 'far', driver: 'acme/rclone', options });
    await writeThrough('far');
    await engine.volumes.unmount('far', 'me');
    assert.equal(await server.stored('far/hello'), 'world');
    // Only the volume: rclone would purge the directory on the server.
    await engine.remove('acme/rclone', { force: true });
  });

  it('sshfs behind the example plugin: a file written through the host path is on the server, a dead mount is made anew', {
    skip: needsSshfs,
  }, async () => {
    const { engine, execRoot } = subject;
    await using server = await startSftpServer(join(execRoot, '..', 'sftp'));
    await mkdir(join(server.directory, 'data'));
    const { id } = await engine.create({
      name: 'acme/sshfs',
      context: Readable.from([sshfsPluginArchive(server)]),
    });
    await engine.enable('acme/sshfs');
    const options = sshfsVolume(server, '/data');
    await engine.volumes.create({ name: 'remote', driver: 'acme/sshfs', options });
    const path = await writeThrough('remote');
    assert.equal(await server.stored('data/hello'), 'world');
    const pid = pidOfPlugin(execRoot, id);
    process.kill(pid, 'SIGKILL');
    // A call on a connection that just ends is lost with it.
    assert.ok(await pollUntil(() => !existsSync(`/proc/${pid}`), { timeoutMs: 30_000 }));
    await engine.volumes.unmount('remote', 'me');
    assert.equal(await engine.volumes.mount('remote', 'again'), path);
    assert.equal(await readFile(join(path, 'hello'), 'utf8'), 'world');
    await engine.volumes.unmount('remote', 'again');
    await engine.volumes.remove('remote');
    assert.equal(await readFile(join(server.directory, 'data', 'hello'), 'utf8'), 'world');
  });

  it('the example refuses a server that is not in known_hosts, and options that are none', {
    skip: needsSshfs,
  }, async () => {
    const { engine, execRoot } = subject;
    const { volumes } = engine;
    const wrong = {
      name: 'wrong',
      driver: 'acme/sshfs',
      options: new Map([['sshcmd', '-oProxyCommand=x@y:z']]),
    };
    await assert.rejects(
      volumes.create(wrong),
      /cannot use sshcmd "-oProxyCommand=x@y:z": give USER@HOST:DIRECTORY/,
    );
    await using stranger = await startSftpServer(join(execRoot, '..', 'stranger'));
    const options = sshfsVolume(stranger, '/');
    await volumes.create({ name: 'strange', driver: 'acme/sshfs', options });
    await assert.rejects(
      volumes.mount('strange', 'me'),
      /sshfs: .*(?:Host key verification failed|reset by peer)/s,
    );
    await volumes.remove('strange');
  });
});
