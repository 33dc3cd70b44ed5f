import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buryMount, forgetBuried, reviveMounts } from './buried-mounts.ts';
import { mount, mountFlags } from './mount.ts';
import { findMountHolders } from './mount-holders.ts';
import { makeSharedMount, readMountTable } from './mount-table.ts';
import { unmountBelow } from './unmount.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root to mount';

/** A shared directory with a tmpfs, as a plugin's propagated mount has, and a container that binds it twice. */
async function makePlace() {
  const path = await mkdtemp(join(tmpdir(), 'outboard-holders-'));
  const shared = join(path, 'shared');
  const volume = join(shared, 'volume');
  await mkdir(volume, { recursive: true });
  await makeSharedMount(shared);
  mount('tmpfs', volume, 0, { type: 'tmpfs' });
  for (const name of ['slave', 'private']) await mkdir(join(path, name));
  const script = `cd "$0" && mount --bind shared/volume slave && mount --make-slave slave &&
    mount --bind shared/volume private && mount --make-private private && echo ready && exec sleep infinity`;
  const container = spawn('unshare', ['--mount', '--propagation', 'slave', 'sh', '-c', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(container.stdout, 'data');
  return {
    path,
    volume,
    graves: join(path, 'graves'),
    pid: container.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const ended = once(container, 'exit');
      container.kill('SIGKILL');
      await ended;
      await unmountBelow(path);
      await rm(path, { recursive: true });
    },
  };
}

async function deviceAt(path: string): Promise<string> {
  const entry = (await readMountTable()).findLast(({ mountPoint }) => mountPoint === path);
  return entry?.device ?? assert.fail(`nothing is mounted at ${path}`);
}

test('findMountHolders() finds the binds of a container, and tells which of them the host reaches', {
  skip,
}, async () => {
  await using place = await makePlace();
  const holders = await findMountHolders(await deviceAt(place.volume));
  const shown = holders
    .filter(({ mountPoint }) => mountPoint !== place.volume)
    .map(({ pid, mountPoint, isReachable, isCovered }) => [pid, mountPoint, isReachable, isCovered]);
  assert.deepEqual(shown, [
    [place.pid, join(place.path, 'slave'), true, false],
    [place.pid, join(place.path, 'private'), false, false],
  ]);
});

test('a mount over a buried one reaches the slaves of that, again and again', { skip }, async () => {
  await using place = await makePlace();
  const { volume, graves, path } = place;
  const seen = (name: string) =>
    readFile(join('/proc', String(place.pid), 'root', path, name, 'file'), 'utf8');
  const first = await deviceAt(volume);
  for (const content of ['one', 'two']) {
    await buryMount(graves, volume);
    await buryMount(graves, volume); // at the end of its plugin, and before the next start
    await unmountBelow(volume);
    mount('tmpfs', volume, 0, { type: 'tmpfs' });
    await writeFile(join(volume, 'file'), content);
    const devices = await reviveMounts(graves, volume);
    assert.equal(devices.length, content === 'one' ? 1 : 2);
    assert.equal(devices[0], first);
    assert.equal(await seen('slave'), content);
    await assert.rejects(seen('private'), { code: 'ENOENT' });
  }
  const ofFirst = await findMountHolders(first);
  assert.deepEqual(
    ofFirst.filter(({ isCovered }) => !isCovered).map(({ mountPoint }) => mountPoint),
    [join(path, 'private')],
  );
  await forgetBuried(graves, [volume]);
  assert.equal((await reviveMounts(graves, volume)).length, 2);
  await forgetBuried(graves, []);
  assert.deepEqual(await reviveMounts(graves, volume), []);
});

test('buried mounts are seen in no other mount namespace', { skip }, async () => {
  await using place = await makePlace();
  const own = join(place.path, 'own');
  await mkdir(own);
  mount('tmpfs', own, mountFlags.noExec, { type: 'tmpfs' });
  const device = await deviceAt(own);
  await buryMount(place.graves, own);
  const holders = await findMountHolders(device);
  assert.ok(holders.every(({ mountPoint }) => !mountPoint.startsWith(place.graves)));
});
