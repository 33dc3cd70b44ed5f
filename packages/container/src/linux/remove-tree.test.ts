import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mount, mountFlags } from './mount.ts';
import { mountsBelow } from './mount-table.ts';
import { removeTree } from './remove-tree.ts';
import { unmountBelow } from './unmount.ts';

const needsRoot = process.getuid?.() === 0 ? false : 'needs root to mount';

async function makePlace() {
  const path = await mkdtemp(join(tmpdir(), 'outboard-remove-'));
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await unmountBelow(path);
      await rm(path, { recursive: true, force: true });
    },
  };
}

test('I21 removeTree() keeps the data behind a bind mount of the same file system', {
  skip: needsRoot,
}, async () => {
  await using place = await makePlace();
  const volume = join(place.path, 'volume');
  const plugin = join(place.path, 'plugin');
  const inside = join(plugin, 'propagated mount', 'volumes');
  await mkdir(volume);
  await writeFile(join(volume, 'precious'), 'user data');
  await mkdir(inside, { recursive: true });
  mount(volume, inside, mountFlags.bind);
  mount(volume, inside, mountFlags.bind);
  await removeTree(plugin);
  assert.equal(existsSync(plugin), false);
  assert.equal(await readFile(join(volume, 'precious'), 'utf8'), 'user data');
  assert.deepEqual(await mountsBelow(plugin), []);
});

test('I21 removeTree() unmounts below a path that is reached through a link', {
  skip: needsRoot,
}, async () => {
  await using place = await makePlace();
  await mkdir(join(place.path, 'real', 'tree', 'mounted'), { recursive: true });
  await mkdir(join(place.path, 'volume'));
  await writeFile(join(place.path, 'volume', 'precious'), 'user data');
  await symlink('real', join(place.path, 'alias'));
  mount(join(place.path, 'volume'), join(place.path, 'real', 'tree', 'mounted'), mountFlags.bind);
  await removeTree(join(place.path, 'alias', 'tree'));
  assert.equal(existsSync(join(place.path, 'real', 'tree')), false);
  assert.equal(await readFile(join(place.path, 'volume', 'precious'), 'utf8'), 'user data');
});

test('removeTree() deletes a link and not what it points to', async () => {
  await using place = await makePlace();
  await mkdir(join(place.path, 'target'));
  await writeFile(join(place.path, 'target', 'file'), '');
  await symlink('target', join(place.path, 'link'));
  await removeTree(join(place.path, 'link'));
  assert.equal(existsSync(join(place.path, 'link')), false);
  assert.equal(existsSync(join(place.path, 'target', 'file')), true);
});

test('removeTree() deletes a tree deeper than a path may be long', async () => {
  await using place = await makePlace();
  const step = 'd'.repeat(200);
  const script = `i=0; while [ $i -lt 100 ]; do mkdir ${step} && cd -P ${step} || exit 1; i=$((i+1)); done`;
  await mkdir(join(place.path, 'tree'));
  execFileSync('bash', ['-c', script], { cwd: join(place.path, 'tree') });
  await removeTree(join(place.path, 'tree'));
  assert.equal(existsSync(join(place.path, 'tree')), false);
});

test('removeTree() accepts a path that is absent', async () => {
  await removeTree('/nonexistent/outboard/tree');
});

test('removeTree() reports why a tree cannot be deleted', async () => {
  await assert.rejects(removeTree('/proc/self/fdinfo'), {
    kind: 'system',
    message: /cannot delete "\/proc\/self/,
  });
});
