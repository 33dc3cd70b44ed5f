import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isOutboardError } from '@outboard/oci';
import { mount } from '../linux/mount.ts';
import { makeSharedMount } from '../linux/mount-table.ts';
import { unmountBelow } from '../linux/unmount.ts';
import { lookUpInMount } from './mount-lookup.ts';
import { resolveHostPath } from './resolve-host-path.ts';
import { resolveHostPaths } from './resolve-host-paths.ts';
import type { ContainerTree } from './tree-handles.ts';

const needsRoot = process.getuid?.() === 0 ? false : 'needs root to mount';

let home: string;
let plain: ContainerTree;
let tree: ContainerTree & { readonly propagatedMount: { readonly path: string; readonly hostPath: string } };
let handlesBefore: number;

beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'ob-paths-')));
  plain = { rootfs: join(home, 'rootfs') };
  tree = {
    ...plain,
    propagatedMount: { path: '/mnt/volumes', hostPath: join(home, 'propagated-mount') },
  };
  await mkdir(join(plain.rootfs, 'mnt/volumes'), { recursive: true });
  await mkdir(tree.propagatedMount.hostPath);
  handlesBefore = await countHandles();
});
afterEach(async () => {
  const handles = await countHandles();
  await unmountBelow(home);
  await rm(home, { recursive: true, force: true });
  // Descriptors of the test loader may be closed in the meantime.
  assert.ok(handles <= handlesBefore, `a handle is left open: ${handles}, ${handlesBefore} before`);
});

async function countHandles(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}

/** Make a file, a directory (`…/`) or a link (`name -> target`) below the test's home. */
async function make(...entries: readonly string[]): Promise<void> {
  for (const entry of entries) {
    const [name = '', target] = entry.split(' -> ');
    const path = join(home, name);
    await mkdir(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (target !== undefined) await symlink(target, path);
    else if (!name.endsWith('/')) await writeFile(path, '');
  }
}

async function resolve(path: string, of: ContainerTree = tree): Promise<string> {
  const host = await resolveHostPath(of, path);
  return host.startsWith(`${home}/`) ? host.slice(home.length + 1) : host;
}

const escapes = (error: unknown) => isOutboardError(error, 'system') && error.code === 'path-escapes';

for (const [path, host] of [
  ['', ''],
  ['/', 'rootfs'],
  ['/data', 'rootfs/data'],
  ['/data/v', 'rootfs/data/v'],
  ['data/v/', 'rootfs/data/v'],
  ['/data//./v', 'rootfs/data/v'],
  ['/mnt/volumes', 'propagated-mount'],
  ['/mnt/volumes/v', 'propagated-mount/v'],
  ['/mnt/volumes/v/not/there', 'propagated-mount/v/not/there'],
  ['/mnt/volumes2/v', 'rootfs/mnt/volumes2/v'],
  ['/mnt/volumes/../v', 'rootfs/mnt/v'],
  ['/mnt/volumes/v\n w', 'propagated-mount/v\n w'],
] as const) {
  test(`I12 ${JSON.stringify(path)} of the container is ${JSON.stringify(host)} on the host`, async () => {
    await make('rootfs/data/v', 'propagated-mount/v/');
    assert.equal(await resolve(path), host);
  });
}

for (const path of [
  '/../../../etc',
  '../../etc',
  '/x/../../../etc',
  '/mnt/volumes/../../../../etc',
  '/climb/etc',
  '/absolute/etc',
  '/chain/etc',
]) {
  test(`I12 ${path} stays in the container's root filesystem`, async () => {
    await make('rootfs/etc/', 'rootfs/climb -> ../../../../..', 'rootfs/absolute -> /');
    await make('rootfs/chain -> a/b', 'rootfs/a/b -> ../climb/absolute');
    assert.equal(await resolve(path), 'rootfs/etc');
    assert.equal(await resolve(path, plain), 'rootfs/etc');
  });
}

for (const target of ['/etc', '../../../../../etc', '..', '../v', '/mnt/volumes2', `${tmpdir()}`]) {
  test(`I12 a link to ${target} does not lead out of the propagated mount`, async () => {
    await make(`propagated-mount/v -> ${target}`, 'rootfs/etc/');
    await assert.rejects(resolve('/mnt/volumes/v'), escapes);
    await assert.rejects(resolve('/mnt/volumes/v/passwd'), escapes);
  });
}

test('links are followed as inside the container, also into and inside the propagated mount', async () => {
  await make('rootfs/var/', 'rootfs/var/lib -> /mnt', 'rootfs/deep/data -> ../mnt/volumes/./b');
  await make('propagated-mount/a -> /mnt/volumes/b', 'propagated-mount/b/', 'propagated-mount/c -> b/../a');
  assert.equal(await resolve('/var/lib/volumes/b'), 'propagated-mount/b');
  assert.equal(await resolve('/deep/data/x'), 'propagated-mount/b/x');
  assert.equal(await resolve('/mnt/volumes/a/x'), 'propagated-mount/b/x');
  assert.equal(await resolve('/mnt/volumes/c/x'), 'propagated-mount/b/x');
});

test('links in the path of the propagated mount do not change paths in it', async () => {
  await make('rootfs/media/volumes/', 'propagated-mount/v/', 'propagated-mount/w -> ../volumes/v');
  await rm(join(plain.rootfs, 'mnt'), { recursive: true });
  await make('rootfs/mnt -> media');
  assert.equal(await resolve('/mnt/volumes/v'), 'propagated-mount/v');
  assert.equal(await resolve('/mnt/volumes/w'), 'propagated-mount/v');
  assert.equal(await resolve('/mnt/x'), 'rootfs/media/x');
});

for (const [title, entry] of [
  ['a link to itself', 'propagated-mount/v -> v'],
  ['links in a circle', 'propagated-mount/v -> /mnt/volumes/w'],
] as const) {
  test(`I12 ${title} is refused`, async () => {
    await make(entry, 'propagated-mount/w -> v');
    await assert.rejects(resolve('/mnt/volumes/v'), escapes);
  });
}

for (const [title, path] of [
  ['a NUL', '/data/\0/v'],
  ['more than 4,095 bytes', `/${'x'.repeat(4096)}`],
  ['a file on its way', '/file/v'],
  ['a component that is too long', `/mnt/volumes/${'x'.repeat(300)}`],
] as const) {
  test(`I12 a path with ${title} is refused as invalid`, async () => {
    await make('rootfs/file');
    await assert.rejects(resolve(path), (error) => isOutboardError(error, 'system'));
  });
}

test('I12 a path of a thousand directories is refused, and holds no handles', async () => {
  await make(`propagated-mount/${'d/'.repeat(300)}`);
  await assert.rejects(resolve(`/mnt/volumes/${'d/'.repeat(300)}`), escapes);
  assert.equal(await resolve(`/mnt/volumes/${'d/'.repeat(99)}d`), `propagated-mount/${'d/'.repeat(99)}d`);
});

test('I12 files that would block on opening are not opened', async () => {
  const { execFileSync } = await import('node:child_process');
  execFileSync('mkfifo', [join(tree.propagatedMount.hostPath, 'fifo')]);
  assert.equal(await resolve('/mnt/volumes/fifo'), 'propagated-mount/fifo');
});

test('a volume that the container mounted is found, and directories in it', { skip: needsRoot }, async () => {
  await make('propagated-mount/v/');
  await makeSharedMount(tree.propagatedMount.hostPath);
  mount('none', join(home, 'propagated-mount/v'), 0, { type: 'tmpfs' });
  await make('propagated-mount/v/data/', 'propagated-mount/w -> v');
  assert.equal(await resolve('/mnt/volumes/v'), 'propagated-mount/v');
  assert.equal(await resolve('/mnt/volumes/v/data'), 'propagated-mount/v/data');
  assert.equal(await resolve('/mnt/volumes/w/data'), 'propagated-mount/v/data');
  assert.equal(await resolve('/mnt/volumes/v/data/not/there'), 'propagated-mount/v/data/not/there');
});

test('I12 a link in a file system that the container mounted is refused, whatever its target', {
  skip: needsRoot,
}, async () => {
  await make('propagated-mount/v/');
  await makeSharedMount(tree.propagatedMount.hostPath);
  mount('none', join(home, 'propagated-mount/v'), 0, { type: 'tmpfs' });
  await make('propagated-mount/v/out -> /etc', 'propagated-mount/v/in -> data', 'propagated-mount/v/data/');
  for (const name of ['out', 'out/passwd', 'in', 'in/x']) {
    await assert.rejects(resolve(`/mnt/volumes/v/${name}`), escapes);
  }
});

/** A file system that never answers while the handle is open. */
async function mountSilent(path: string): Promise<AsyncDisposable> {
  const device = await open('/dev/fuse', 'r+');
  const data = `fd=${device.fd},rootmode=40000,user_id=0,group_id=0`;
  mount('silent', path, 0, { type: 'fuse', data });
  return {
    [Symbol.asyncDispose]: async () => {
      await device.close(); // fails the pending requests
      await unmountBelow(path);
    },
  };
}

test('resolveHostPaths() returns for each of many what resolveHostPath() returns for one', {
  skip: needsRoot,
}, async () => {
  await make(
    'propagated-mount/a/',
    'propagated-mount/l -> a',
    'propagated-mount/out -> /etc',
    'rootfs/data/',
  );
  await makeSharedMount(tree.propagatedMount.hostPath);
  const paths = [
    '/mnt/volumes/a',
    '',
    '/mnt/volumes/l',
    '/mnt/volumes/out',
    '/data',
    '/mnt/volumes/none',
    '/',
  ];
  const one = await Promise.allSettled(paths.map((path) => resolveHostPath(tree, path)));
  assert.deepEqual(await resolveHostPaths(tree, paths), one);
  assert.deepEqual(
    one.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  );
});

test('resolveHostPaths() yields to the event loop, and rejects paths after its signal', async () => {
  await make('propagated-mount/a/');
  const paths = Array<string>(20_000).fill('/mnt/volumes/a');
  const scope = new AbortController();
  const reason = new Error('time is up');
  setImmediate(() => scope.abort(reason));
  const results = await resolveHostPaths(tree, paths, { signal: scope.signal });
  assert.equal(results.length, paths.length);
  assert.equal(results[0]?.status, 'fulfilled');
  const last = results.at(-1);
  assert.ok(last?.status === 'rejected' && last.reason === reason);
});

test('I14 a file system that never answers is found without accessing it', {
  skip: needsRoot,
}, async () => {
  await make('propagated-mount/v/', 'propagated-mount/l -> v');
  await makeSharedMount(tree.propagatedMount.hostPath);
  await using _silent = await mountSilent(join(home, 'propagated-mount/v'));
  handlesBefore += 1;
  assert.equal(await resolve('/mnt/volumes/v'), 'propagated-mount/v');
  assert.equal(await resolve('/mnt/volumes/l'), 'propagated-mount/v');
  handlesBefore -= 1;
});

test('I14 a file system that never answers blocks nothing, also one over the propagated mount itself', {
  skip: needsRoot,
}, async () => {
  await makeSharedMount(tree.propagatedMount.hostPath);
  await using _silent = await mountSilent(tree.propagatedMount.hostPath);
  assert.equal(await resolve('/mnt/volumes'), 'propagated-mount');
  await assert.rejects(
    lookUpInMount(tree.propagatedMount.hostPath, ['a', 'b'], { idleMs: 100 }),
    (error) => isOutboardError(error, 'unavailable') && error.code === 'plugin-timeout',
  );
  const reason = new Error('the caller left');
  const scope = new AbortController();
  const resolved = resolveHostPath(tree, '/mnt/volumes/a', { signal: scope.signal });
  scope.abort(reason);
  await assert.rejects(resolved, reason);
});
