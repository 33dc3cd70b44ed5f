import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmutable } from './immutable-directory.ts';
import { mount } from './mount.ts';
import { guardMountPoint, liftGuard, liftGuards } from './mount-guards.ts';
import { makeSharedMount } from './mount-table.ts';
import { removeTree } from './remove-tree.ts';
import { unmountBelow } from './unmount.ts';

const skip = hasFlag() ? false : 'needs root, and a file system with the immutable flag';

function hasFlag(): boolean {
  const root = mkdtempSync(join(tmpdir(), 'outboard-flag-'));
  mkdirSync(join(root, 'x'));
  try {
    return setImmutable(root, ['x'], true) && setImmutable(root, ['x'], false);
  } finally {
    execFileSync('rm', ['-r', root]);
  }
}

/** A propagated mount with the volumes `a/b` and `c`, on which tmpfs are mounted. */
async function makePlace() {
  const path = mkdtempSync(join(tmpdir(), 'outboard-guards-'));
  const propagatedMount = join(path, 'propagated-mount');
  const [inner, outer] = [join(propagatedMount, 'a/b'), join(propagatedMount, 'c')];
  for (const volume of [inner, outer]) mkdirSync(volume, { recursive: true });
  await makeSharedMount(propagatedMount);
  for (const volume of [inner, outer]) mount('tmpfs', volume, 0, { type: 'tmpfs' });
  return {
    path,
    mounts: { mountGuards: join(path, 'guards'), propagatedMount },
    inner,
    outer,
    [Symbol.asyncDispose]: () => removeTree(path),
  };
}

function assertWritable(directory: string): void {
  writeFileSync(join(directory, 'file'), '');
}

function assertGuarded(directory: string): void {
  assert.throws(() => writeFileSync(join(directory, 'stray'), ''), { code: 'EPERM' });
  assert.throws(() => mkdirSync(join(directory, 'stray')), { code: 'EPERM' });
}

test('a guarded directory refuses writes while nothing is mounted on it, and takes a new mount', {
  skip,
}, async () => {
  await using place = await makePlace();
  const { mounts, inner, outer } = place;
  for (const volume of [inner, outer]) await guardMountPoint(mounts, volume);
  assertWritable(inner);
  await unmountBelow(inner);
  await unmountBelow(outer);
  for (const volume of [inner, outer]) assertGuarded(volume);
  mount('tmpfs', inner, 0, { type: 'tmpfs' });
  assertWritable(inner);
  await liftGuard(mounts, outer);
  assertWritable(outer);
});

test('guards are lifted below a living mount, all but those of the volumes that are held', {
  skip,
}, async () => {
  await using place = await makePlace();
  const { mounts, inner, outer } = place;
  for (const volume of [inner, outer, outer]) await guardMountPoint(mounts, volume);
  assert.equal(readdirSync(mounts.mountGuards).length, 2);
  await liftGuards(mounts, [inner]);
  await unmountBelow(inner);
  await unmountBelow(outer);
  assertGuarded(inner);
  assertWritable(outer);
  await liftGuards(mounts);
  assertWritable(inner);
  assert.deepEqual(readdirSync(mounts.mountGuards), []);
});

test('a path that a plugin turned into a link guards nothing, and a moved directory is removed with the plugin', {
  skip,
}, async () => {
  await using place = await makePlace();
  const { path, mounts, inner, outer } = place;
  await guardMountPoint(mounts, inner);
  for (const volume of [inner, outer]) await unmountBelow(volume);
  const outside = join(path, 'outside/b');
  mkdirSync(outside, { recursive: true });
  renameSync(join(mounts.propagatedMount, 'a'), join(mounts.propagatedMount, 'moved'));
  symlinkSync(join(path, 'outside'), join(mounts.propagatedMount, 'a'));
  await guardMountPoint(mounts, inner);
  assertWritable(outside);
  await guardMountPoint(mounts, outside);
  assertWritable(outside);
  await liftGuards(mounts);
  assertGuarded(join(mounts.propagatedMount, 'moved/b'));
  await removeTree(mounts.propagatedMount);
  assert.ok(!existsSync(mounts.propagatedMount));
});

test('removal clears the immutable flag of files and directories', { skip }, async () => {
  await using place = await makePlace();
  const tree = join(place.path, 'tree');
  mkdirSync(join(tree, 'deep/deeper'), { recursive: true });
  writeFileSync(join(tree, 'deep/deeper/file'), '');
  execFileSync('chattr', ['-R', '+i', tree]);
  await removeTree(tree);
  assert.ok(!existsSync(tree));
});
