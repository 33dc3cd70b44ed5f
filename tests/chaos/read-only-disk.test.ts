/**
 * A data root whose file system goes read-only, as ext4 does after an error of its disk: what must write is refused with
 * the reason and changes nothing, running plugins go on, and everything is there once the disk takes writes again.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pollUntil } from '@outboard/async';
import { openPluginEngine, type PluginEngine } from '@outboard/engine';
import { needsExt4 } from '../support/ext4-plugin.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { untilState } from '../support/plugin-states.ts';
import { startProbePlugin } from '../support/probe-plugin.ts';

const imageBytes = 48 * 1024 * 1024;

/** A mounted ext4 file system in an image. Dispose unmounts and deletes it. */
async function mountImage(place: string) {
  const [image, path] = [join(place, 'image'), join(place, 'disk')];
  await writeFile(image, '');
  execFileSync('truncate', ['--size', String(imageBytes), image]);
  execFileSync('mkfs.ext4', ['-q', image]);
  await mkdir(path);
  const mount = () => execFileSync('mount', ['-o', 'loop', image, path]);
  const unmount = () => spawnSync('umount', [path]).status === 0;
  mount();
  return {
    path,
    /** As after an error of the disk: at once, whoever has files open. */
    stopWrites: () => execFileSync('mount', ['-o', 'remount,abort', path]),
    mountAgain: async () => {
      assert.ok(await pollUntil(unmount, { timeoutMs: 20_000 }), 'files on the disk stay open');
      // The mount namespace of a container that is just ending may still have it, and the next mount would share its state.
      const isFree = () => execFileSync('losetup', ['--associated', image], { encoding: 'utf8' }) === '';
      assert.ok(await pollUntil(isFree, { timeoutMs: 20_000 }), 'the disk stays mounted elsewhere');
      mount();
    },
    [Symbol.dispose]: () => assert.ok(unmount(), 'the disk cannot be unmounted'),
  };
}

test('a disk that becomes read-only refuses changes, stops no plugin, and loses nothing', {
  skip: needsRoot || needsExt4,
}, async () => {
  const place = await mkdtemp(join(tmpdir(), 'outboard-disk-'));
  try {
    using disk = await mountImage(place);
    const roots = { dataRoot: join(disk.path, 'data'), execRoot: join(place, 'exec') };
    let engine = await openPluginEngine(roots);
    try {
      const running = await startProbePlugin({ engine, execRoot: roots.execRoot }, 'running');
      await engine.create({ name: 'idle', context: pluginContext() });
      const before = engine.list();

      disk.stopWrites();
      for (const [what, change] of changesOf(engine)) await refusesToWrite(what, change);
      assert.deepEqual(engine.list(), before, 'memory is what the disk has');
      const { pid } = await untilState(engine, 'running', 'running');
      assert.equal(await running.shell('echo here'), 'here');

      await engine[Symbol.asyncDispose]();
      engine = await openPluginEngine(roots);
      assert.deepEqual(engine.list(), before, 'a start needs no write');
      assert.equal((await untilState(engine, 'running', 'running')).pid, pid);
      await refusesToWrite('set after a start', () => engine.set('idle', ['DEBUG=9']));
      await engine[Symbol.asyncDispose]();

      // The file system can be left once the plugin has ended, which holds files on it.
      process.kill(pid, 'SIGKILL');
      await disk.mountAgain();
      engine = await openPluginEngine(roots);
      assert.deepEqual(engine.list(), before);
      await untilState(engine, 'running', 'running');
    } finally {
      for (const { id } of engine.list()) await engine.remove(id, { force: true });
      await engine[Symbol.asyncDispose]();
    }
  } finally {
    await rm(place, { recursive: true });
  }
});

type Change = readonly [what: string, change: () => Promise<unknown>];

function changesOf(engine: PluginEngine): readonly Change[] {
  return [
    ['create', () => engine.create({ name: 'other', context: pluginContext() })],
    ['set', () => engine.set('idle', ['DEBUG=9'])],
    ['options', () => engine.update('idle', { stopTimeoutSeconds: 3 })],
    ['enable', () => engine.enable('idle')],
    ['disable', () => engine.disable('running')],
    ['restart', () => engine.restart('running')],
    ['remove', () => engine.remove('idle')],
    ['remove by force', () => engine.remove('running', { force: true })],
  ];
}

async function refusesToWrite(what: string, change: () => Promise<unknown>): Promise<void> {
  await assert.rejects(change, (error: Error) => {
    assert.match(error.message, /read-only/i, `${what}: ${error.message}`);
    return true;
  });
}
