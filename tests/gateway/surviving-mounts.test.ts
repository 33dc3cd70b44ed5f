/**
 * Mounts on real parts: an ext4 on a loop device, which the kernel serves, and rclone, whose mounts die with its process. A
 * holder never gets a path on another file system than that of its volume, whatever is killed.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { ext4Plugin, needsExt4 } from '../support/ext4-plugin.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { untilState } from '../support/plugin-states.ts';
import { localRemote, makeRclonePlugin, needsRclone } from '../support/rclone-plugin.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

describe('mounts that survive', { skip: needsRoot || needsExt4 || needsRclone }, () => {
  let subject: TestEngine;
  let own: number;
  before(async () => {
    subject = await openTestEngine({ backOff: { initialMs: 10 } });
    const { engine } = subject;
    await engine.create({ name: 'acme/ext4', context: pluginContext(ext4Plugin('memory')) });
    const { archive } = makeRclonePlugin({ home: join(subject.execRoot, '..', 'rclone') });
    await engine.create({ name: 'acme/rclone', context: Readable.from([archive]) });
    // rclone 1.60 hangs at its start while its state file names a mount.
    await engine.set('acme/rclone', ['args=serve docker --forget-state']);
    for (const plugin of ['acme/ext4', 'acme/rclone']) await engine.enable(plugin);
    await engine.volumes.create({ name: 'disk', driver: 'acme/ext4' });
    await engine.volumes.create({ name: 'cloud', driver: 'acme/rclone', options: localRemote('cloud') });
    own = statSync(subject.dataRoot).dev;
  });
  after(() => subject[Symbol.asyncDispose]());

  async function mount(volume: string, holder: string): Promise<string> {
    const path = await subject.engine.volumes.mount(volume, holder);
    assert.notEqual(statSync(path).dev, own, `${holder} got a path on the file system of the data root`);
    return path;
  }

  const unmount = (volume: string, holder: string) => subject.engine.volumes.unmount(volume, holder);

  /** Kill the process of a plugin and wait for the next one. */
  async function kill(plugin: string): Promise<void> {
    const { pid } = await untilState(subject.engine, plugin, 'running');
    process.kill(pid, 'SIGKILL');
    await untilState(subject.engine, plugin, 'running', (state) => state.pid !== pid);
  }

  /** Let the starts of rclone fail after its dead mounts were detached. @returns undoes it */
  function breakProgram(): () => void {
    const { id } = subject.engine.inspect('acme/rclone');
    const program = join(subject.dataRoot, 'plugins', id, 'rootfs/usr/bin/rclone');
    renameSync(program, `${program}.away`);
    writeFileSync(program, '', { mode: 0o755 });
    return () => renameSync(`${program}.away`, program);
  }

  async function killUntilFailed(): Promise<void> {
    await subject.engine.update('acme/rclone', { restart: { name: 'no' } });
    const { pid } = await untilState(subject.engine, 'acme/rclone', 'running');
    process.kill(pid, 'SIGKILL');
    await untilState(subject.engine, 'acme/rclone', 'failed');
    await assert.rejects(subject.engine.restart('acme/rclone', { force: true }));
  }

  function assertGuarded(path: string): void {
    assert.equal(statSync(path).dev, own, 'the dead mount is still there');
    assert.throws(() => writeFileSync(join(path, 'stray'), ''), { code: 'EPERM' });
  }

  it('an ext4 outlives the process of its plugin, also for a driver that forgets its mounts', async () => {
    const path = await mount('disk', 'web');
    const { dev } = statSync(path);
    writeFileSync(join(path, 'file'), 'first');
    await kill('acme/ext4');
    writeFileSync(join(path, 'file'), 'second');
    assert.equal(await mount('disk', 'backup'), path);
    assert.equal(statSync(path).dev, dev);
    await unmount('disk', 'web');
    assert.equal(readFileSync(join(path, 'file'), 'utf8'), 'second');
    await unmount('disk', 'backup');
    assert.equal(statSync(path).dev, own, 'a mount that nobody holds is left');
    assert.equal(readFileSync(join(await mount('disk', 'web'), 'file'), 'utf8'), 'second');
    await unmount('disk', 'web');
  });

  it('a mount that the host has lost is made again for the next holder, never replaced by an empty directory', async () => {
    const path = await mount('disk', 'web');
    execFileSync('umount', ['--lazy', path]);
    assert.equal(await mount('disk', 'backup'), path);
    assert.ok(existsSync(join(path, 'file')));
    for (const holder of ['web', 'backup']) await unmount('disk', holder);
    assert.equal(statSync(path).dev, own);
  });

  it('a plugin that was disabled by force has its held volumes mounted when it is enabled', async () => {
    const path = await mount('disk', 'web');
    await subject.engine.disable('acme/ext4', { force: true });
    assert.equal(statSync(path).dev, own);
    await subject.engine.enable('acme/ext4');
    // Calls wait until that is done.
    await subject.engine.volumes.inspect('disk');
    assert.ok(existsSync(join(path, 'file')), 'the holder has an empty directory');
    await unmount('disk', 'web');
    assert.equal(statSync(path).dev, own);
  });

  it('rclone is mounted again after its process was killed, and the new mount reaches a container that holds the old one', async () => {
    const path = await mount('cloud', 'web');
    writeFileSync(join(path, 'file'), 'first');
    await using container = await startContainer(path);
    assert.equal(container.read('slave/file'), 'first');
    const restart = () => subject.engine.restart('acme/rclone', { force: true });
    for (const [content, again] of [
      ['second', kill],
      ['third', kill],
      ['fourth', restart],
    ] as const) {
      await again('acme/rclone');
      assert.equal(await mount('cloud', 'backup'), path);
      writeFileSync(join(path, 'file'), content);
      assert.equal(container.read('slave/file'), content);
      assert.throws(() => container.read('private/file'), /Transport endpoint is not connected/);
      await unmount('cloud', 'backup');
    }
    await unmount('cloud', 'web');
    assert.equal(statSync(path).dev, own);
  });

  it('the path of a dead mount refuses everything until the plugin runs again', async () => {
    const path = await mount('cloud', 'web');
    await subject.engine.update('acme/rclone', { restart: { name: 'no' } });
    const { pid } = await untilState(subject.engine, 'acme/rclone', 'running');
    process.kill(pid, 'SIGKILL');
    await untilState(subject.engine, 'acme/rclone', 'failed');
    assert.throws(() => writeFileSync(join(path, 'stray'), ''), { code: 'ENOTCONN' });
    await subject.engine.update('acme/rclone', { restart: { name: 'always' } });
    await subject.engine.restart('acme/rclone', { force: true });
    await mount('cloud', 'backup');
    for (const holder of ['web', 'backup']) await unmount('cloud', holder);
    assert.equal(statSync(path).dev, own);
    assert.deepEqual(readdirSync(path), []);
  });

  it('nobody writes to the directory below a dead mount while the plugin starts, also when the daemon is killed', async () => {
    const path = await mount('cloud', 'web');
    const repair = breakProgram();
    await killUntilFailed();
    assertGuarded(path);
    await subject.reopen(() => undefined);
    assertGuarded(path);
    await using container = await startContainer(path);
    repair();
    await subject.engine.update('acme/rclone', { restart: { name: 'always' } });
    await subject.engine.restart('acme/rclone', { force: true });
    await mount('cloud', 'backup');
    writeFileSync(join(path, 'after'), 'x');
    // A container that has bound the directory meanwhile: it gets the volume, or nothing.
    assert.equal(container.read('slave/after'), 'x');
    assert.throws(() => container.touch('private/stray'), /Operation not permitted/);
    for (const holder of ['web', 'backup']) await unmount('cloud', holder);
    assert.equal(statSync(path).dev, own);
    assert.deepEqual(readdirSync(path), [], 'something was written below the mount');
    writeFileSync(join(path, 'released'), '');
    rmSync(join(path, 'released'));
  });

  it('mounts are as they were after the daemon and the plugins were killed together', async () => {
    const disk = await mount('disk', 'web');
    const cloud = await mount('cloud', 'web');
    const { dev } = statSync(disk);
    const pids = ['acme/ext4', 'acme/rclone'].map((name) => {
      const state = subject.engine.state(name);
      return 'pid' in state ? state.pid : assert.fail(`${name} is ${state.status}`);
    });
    await subject.reopen(() => {
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    });
    assert.equal(await mount('disk', 'backup'), disk);
    assert.equal(statSync(disk).dev, dev);
    assert.equal(await mount('cloud', 'backup'), cloud);
    assert.equal(readFileSync(join(cloud, 'file'), 'utf8'), 'fourth');
    for (const holder of ['web', 'backup']) {
      for (const volume of ['disk', 'cloud']) await unmount(volume, holder);
    }
    for (const path of [disk, cloud]) assert.equal(statSync(path).dev, own);
  });

  it('a plugin whose directories are guarded can be removed', async () => {
    const path = await mount('cloud', 'web');
    breakProgram();
    await killUntilFailed();
    assertGuarded(path);
    await subject.engine.remove('acme/rclone', { force: true });
    assert.ok(!existsSync(path));
  });
});

/**
 * A mount namespace like that of a container, with two binds of a path: one that is a slave of the host's mount, as
 * `rslave` makes it, and a private one.
 */
async function startContainer(path: string) {
  const home = mkdtempSync(join(tmpdir(), 'outboard-container-'));
  const script = `
    cd "$1" && mkdir slave private && mount --bind "$2" slave && mount --make-slave slave &&
    mount --bind "$2" private && mount --make-private private && echo ready && exec sleep infinity`;
  const child = spawn(
    'unshare',
    ['--mount', '--propagation', 'slave', 'sh', '-c', script, 'sh', home, path],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  const run = (program: string, file: string) =>
    execFileSync('nsenter', ['--target', String(child.pid), '--mount', program, join(home, file)], {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { LC_ALL: 'C', PATH: process.env.PATH },
    });
  return {
    read: (file: string) => run('cat', file),
    touch: (file: string) => run('touch', file),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      rmSync(home, { recursive: true });
    },
  };
}
