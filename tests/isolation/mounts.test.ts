/**
 * Mounts of plugins, and mounts below plugins that are deleted: the host sees the propagated mount only, no mount
 * outlives its plugin, and nothing is deleted behind a mount.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { startProbePlugin } from '../support/probe-plugin.ts';
import { startRegistry } from '../support/registry.ts';
import { mountSmallTmpfs } from '../support/small-tmpfs.ts';
import { openTestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

const mounter = {
  PropagatedMount: '/mnt/volumes',
  Linux: { Capabilities: ['CAP_SYS_ADMIN'], AllowAllDevices: false, Devices: null },
};

/** Mount points at and below a directory, one for each line of the mount table. */
function mountsBelow(directory: string): readonly string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => `${point}/`.startsWith(`${directory}/`)).sort();
}

for (const isShared of [false, true]) {
  test(`I13 mounts of a plugin reach the host below its propagated mount only, on a ${isShared ? 'shared' : 'private'} file system`, {
    skip,
  }, async (context) => {
    const disk = await mountSmallTmpfs({ bytes: 32 * 1024 * 1024 });
    context.after(() => disk[Symbol.asyncDispose]());
    execFileSync('mount', [isShared ? '--make-shared' : '--make-private', disk.path]);
    const roots = { dataRoot: join(disk.path, 'data'), execRoot: join(disk.path, 'exec') };
    await using opened = await openTestEngine(roots);
    const plugin = await startProbePlugin({ ...roots, engine: opened.engine }, 'mounter', {
      config: mounter,
    });
    const propagated = join(roots.dataRoot, 'plugins', plugin.id, 'propagated-mount');
    const before = mountsBelow(disk.path);
    assert.deepEqual(before, [disk.path, propagated]);

    await plugin.shell(
      'mkdir /mnt/volumes/v && mount -t tmpfs v /mnt/volumes/v && echo data > /mnt/volumes/v/file',
    );
    assert.equal(readFileSync(join(propagated, 'v', 'file'), 'utf8'), 'data\n');
    assert.deepEqual(mountsBelow(disk.path), [...before, join(propagated, 'v')]);

    await plugin.shell('mount -t tmpfs x /tmp; mount -t tmpfs x /etc; mount --bind /tmp /sys');
    // Last, because it hides the socket from the plugin, though not from the host.
    await plugin.shell('mount -t tmpfs x /run/docker/plugins');
    assert.deepEqual(mountsBelow(disk.path), [...before, join(propagated, 'v')]);
    assert.equal(await plugin.shell('echo answers'), 'answers');

    await opened.engine.disable('mounter');
    assert.deepEqual(mountsBelow(disk.path), [disk.path]);
    await opened.engine.enable('mounter');
    assert.deepEqual(mountsBelow(disk.path), before);
  });
}

test('I13 a shared mount around the socket directory does not change that directory on the host', {
  skip,
}, async (context) => {
  const host = await mountSmallTmpfs({ bytes: 1024 * 1024 });
  context.after(() => host[Symbol.asyncDispose]());
  execFileSync('mount', ['--make-shared', host.path]);
  const sockets = join(host.path, 'docker', 'plugins');
  mkdirSync(sockets, { recursive: true });
  writeFileSync(join(sockets, 'other.sock'), '');
  await using opened = await openTestEngine();
  const run = { Type: 'bind', Source: host.path, Destination: '/run', Options: ['shared', 'bind'] };
  const plugin = await startProbePlugin(opened, 'mounter', { config: { ...mounter, Mounts: [run] } });
  assert.deepEqual(mountsBelow(host.path), [host.path]);
  assert.deepEqual(readdirSync(sockets), ['other.sock']);
  await plugin.shell('mkdir /run/own && mount -t tmpfs x /run/own');
  assert.deepEqual(mountsBelow(host.path), [host.path]);
});

for (const option of ['slave', 'private']) {
  test(`I13 a bind with rbind and ${option} protects mounts below its source too`, {
    skip,
  }, async (context) => {
    const host = await mountSmallTmpfs({ bytes: 1024 * 1024 });
    const below = join(host.path, 'below');
    mkdirSync(below);
    execFileSync('mount', ['-t', 'tmpfs', 'below', below]);
    context.after(async () => {
      execFileSync('umount', ['--recursive', below]);
      await host[Symbol.asyncDispose]();
    });
    execFileSync('mount', ['--make-shared', below]);
    const before = mountsBelow(host.path);
    await using opened = await openTestEngine();
    const tree = { Type: 'bind', Source: host.path, Destination: '/tree', Options: ['rbind', option] };
    const plugin = await startProbePlugin(opened, 'mounter', { config: { ...mounter, Mounts: [tree] } });
    await plugin.shell('mkdir /tree/below/own && mount -t tmpfs x /tree/below/own');
    assert.deepEqual(mountsBelow(host.path), before);
  });
}

test('S11 mounts of a killed plugin are removed', { skip }, async () => {
  await using opened = await openTestEngine();
  const plugin = await startProbePlugin(opened, 'mounter', { config: mounter });
  const propagated = join(opened.dataRoot, 'plugins', plugin.id, 'propagated-mount');
  await plugin.shell(
    `for i in 1 2 3; do mkdir -p '/mnt/volumes/a b/'$i; mount -t tmpfs x '/mnt/volumes/a b/'$i; done`,
  );
  assert.equal(mountsBelow(opened.dataRoot).length, 4);
  // An open file in it must not keep the mount visible on the host.
  await opened.engine.remove('mounter', { force: true });
  assert.deepEqual(mountsBelow(opened.dataRoot), []);
  assert.ok(!existsSync(propagated));
});

/** Data of the host behind a mount below a plugin. */
function makeData(context: TestContext): string {
  const data = mkdtempSync(join(tmpdir(), 'outboard-data-'));
  context.after(() => rmSync(data, { recursive: true }));
  mkdirSync(join(data, 'directory'));
  writeFileSync(join(data, 'directory', 'file'), 'precious');
  return data;
}

function bind(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  execFileSync('mount', ['--bind', source, target]);
}

test('I21 removing a plugin deletes no data behind mounts', { skip }, async (context) => {
  const data = makeData(context);
  await using opened = await openTestEngine();
  const { id } = await opened.engine.create({ name: 'p', context: pluginContext() });
  const directory = join(opened.dataRoot, 'plugins', id);
  for (const place of ['propagated-mount/v', 'rootfs/mnt', 'rootfs/mnt/directory', 'rootfs/with space\n']) {
    bind(data, join(directory, place));
  }
  await opened.engine.remove('p');
  assert.deepEqual(mountsBelow(opened.dataRoot), []);
  assert.ok(!existsSync(directory));
  assert.equal(readFileSync(join(data, 'directory', 'file'), 'utf8'), 'precious');
});

test('I21 an upgrade deletes no data behind mounts in the old root filesystem', { skip }, async (context) => {
  const data = makeData(context);
  const registry = await startRegistry();
  context.after(() => registry.stop());
  await using opened = await openTestEngine();
  const { engine, dataRoot } = opened;
  const remote = `${registry.host}/acme/p:v1`;
  const { id } = await engine.create({ name: remote, context: pluginContext() });
  await engine.push({ plugin: remote });
  bind(data, join(dataRoot, 'plugins', id, 'rootfs', 'mnt'));
  await engine.upgrade({ plugin: remote, remote, privileges: await engine.privileges(remote) });
  assert.deepEqual(mountsBelow(dataRoot), []);
  assert.deepEqual(readdirSync(data), ['directory']);
  assert.equal(readFileSync(join(data, 'directory', 'file'), 'utf8'), 'precious');
});
