/**
 * Mounts below a plugin's propagated mount: those of the kernel outlive the plugin's process, because their users write
 * to them; those with a dead server are removed; none outlives the disable. File systems that do not answer block
 * nothing.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { mountHangingFileSystem } from '../support/hanging-file-system.ts';
import { needsRoot } from '../support/needs-root.ts';
import { untilState } from '../support/plugin-states.ts';
import { startProbePlugin } from '../support/probe-plugin.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

const mounter = {
  PropagatedMount: '/mnt/volumes',
  Linux: { Capabilities: ['CAP_SYS_ADMIN'], AllowAllDevices: false, Devices: null },
};

/** A plugin that mounts, and the paths of its mounts on the host. */
async function startMounter(opened: TestEngine) {
  const plugin = await startProbePlugin(opened, 'mounter', { config: mounter });
  const propagated = join(opened.dataRoot, 'plugins', plugin.id, 'propagated-mount');
  const volume = (name: string) => join(propagated, name);
  return {
    ...plugin,
    propagated,
    volume,
    makeVolume: (name: string) => {
      mkdirSync(volume(name));
      return volume(name);
    },
  };
}

/** Mount points at and below a directory. */
function mountsBelow(directory: string): readonly string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => `${point}/`.startsWith(`${directory}/`)).sort();
}

async function killAndAwaitRestart({ engine }: TestEngine): Promise<void> {
  const { pid } = await untilState(engine, 'mounter', 'running');
  process.kill(pid, 'SIGKILL');
  await untilState(engine, 'mounter', 'running', (state) => state.pid !== pid);
}

test('kernel mounts persist through plugin crashes, plugin restarts and daemon restarts, until disable', {
  skip,
}, async () => {
  await using opened = await openTestEngine({ backOff: { initialMs: 1 } });
  const plugin = await startMounter(opened);
  await plugin.shell('mkdir /mnt/volumes/v && mount -t tmpfs v /mnt/volumes/v');
  const file = join(plugin.volume('v'), 'file');
  writeFileSync(file, 'data');
  await killAndAwaitRestart(opened);
  assert.equal(readFileSync(file, 'utf8'), 'data');
  assert.equal(await plugin.shell('cat /mnt/volumes/v/file'), 'data');
  await opened.engine.restart('mounter');
  assert.equal(readFileSync(file, 'utf8'), 'data');
  await opened.reopen();
  assert.equal(readFileSync(file, 'utf8'), 'data');
  await killAndAwaitRestart(opened);
  assert.equal(readFileSync(file, 'utf8'), 'data');
  await opened.engine.disable('mounter');
  assert.deepEqual(mountsBelow(plugin.propagated), []);
  await opened.engine.enable('mounter');
  assert.deepEqual(mountsBelow(plugin.propagated), [plugin.propagated]);
});

test('a restart removes mounts whose server process is gone, but none that is served or unresponsive', {
  skip,
}, async () => {
  await using opened = await openTestEngine({ backOff: { initialMs: 1 } });
  const plugin = await startMounter(opened);
  await using dead = await mountHangingFileSystem(plugin.makeVolume('dead'));
  await using _alive = await mountHangingFileSystem(plugin.makeVolume('alive'));
  await using mute = await mountHangingFileSystem(plugin.makeVolume('mute'));
  await dead.die();
  await mute.fallSilent();
  await killAndAwaitRestart(opened);
  const kept = [plugin.propagated, plugin.volume('alive'), plugin.volume('mute')];
  assert.deepEqual(mountsBelow(plugin.propagated), kept.toSorted());
  await opened.engine.disable('mounter');
  assert.deepEqual(mountsBelow(plugin.propagated), []);
});

test('a plugin that repeatedly mounts over its earlier mounts does not fill the mount table', {
  skip,
}, async () => {
  await using opened = await openTestEngine({ backOff: { initialMs: 1 } });
  const plugin = await startMounter(opened);
  plugin.makeVolume('v');
  await plugin.shell('for i in $(seq 66); do mount -t tmpfs v /mnt/volumes/v; done');
  assert.equal(mountsBelow(plugin.volume('v')).length, 66);
  await killAndAwaitRestart(opened);
  assert.deepEqual(mountsBelow(plugin.propagated), [plugin.propagated]);
});

test('I14 disable unmounts an unresponsive file system without accessing it', {
  skip,
}, async () => {
  await using opened = await openTestEngine();
  const plugin = await startMounter(opened);
  await using silent = await mountHangingFileSystem(plugin.makeVolume('served'));
  execFileSync('mount', ['-t', 'tmpfs', 'x', join(plugin.volume('served'), 'inside')]);
  await silent.fallSilent();
  await opened.engine.disable('mounter');
  assert.deepEqual(mountsBelow(plugin.propagated), []);
});
