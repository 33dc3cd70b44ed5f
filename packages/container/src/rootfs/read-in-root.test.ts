import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readUserFiles } from '../exec/container-users.ts';
import { bindCall } from '../linux/libc.ts';
import { readProgramArchitecture } from './program-architecture.ts';
import { readFileInRoot } from './read-in-root.ts';

const needsRoot = process.getuid?.() === 0 ? false : 'needs root, for device nodes';

function makeRootfs(t: TestContext): string {
  const rootfs = mkdtempSync(join(tmpdir(), 'outboard-read-'));
  t.after(() => rmSync(rootfs, { recursive: true }));
  mkdirSync(join(rootfs, 'etc'));
  return rootfs;
}

test('readFileInRoot() returns the first bytes of a file, its mode and its size', async (t) => {
  const rootfs = makeRootfs(t);
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0', { mode: 0o640 });
  symlinkSync('/etc', join(rootfs, 'link'));
  const file = await readFileInRoot(rootfs, '/link/passwd', 4);
  assert.deepEqual(file, { mode: 0o100640, size: 10, content: Buffer.from('root') });
});

const startWatching = bindCall<[flags: number]>('int inotify_init1(int flags)');
const addWatch = bindCall<[watch: number, path: string, events: number]>(
  'int inotify_add_watch(int watch, const char *path, uint32_t events)',
);
const readWatch = bindCall<[watch: number, events: Uint8Array, size: number]>(
  'intptr_t read(int watch, void *events, size_t size)',
);
const opened = 0x20; // IN_OPEN: sent before open(2) returns, but not for an O_PATH handle

/** Run work. @returns whether any of some files was opened meanwhile */
async function isOpenedBy(paths: readonly string[], work: () => Promise<unknown>): Promise<boolean> {
  const watch = startWatching(constants.O_NONBLOCK);
  try {
    for (const path of paths) assert.ok(addWatch(watch, path, opened) > 0, path);
    await work();
    return readWatch(watch, Buffer.alloc(4096), 4096) > 0;
  } finally {
    closeSync(watch);
  }
}

test('I12 nothing in a root filesystem is opened but regular files', { skip: needsRoot }, async (t) => {
  const rootfs = makeRootfs(t);
  const [passwd, group] = [join(rootfs, 'etc/passwd'), join(rootfs, 'etc/group')];
  // A stand-in for a watchdog, which would be armed.
  execFileSync('mknod', [passwd, 'c', '1', '3']);
  execFileSync('mkfifo', [group]);
  assert.equal(
    await isOpenedBy([passwd, group], async () => {
      for (const name of ['/etc/passwd', '/etc/group']) {
        assert.equal(await readProgramArchitecture(rootfs, { name, workDir: '/', env: [] }), undefined);
      }
      assert.deepEqual(await readUserFiles(rootfs), { passwd: '', group: '' });
    }),
    false,
  );
  rmSync(passwd);
  writeFileSync(passwd, 'root:x:0:0');
  assert.equal(await isOpenedBy([passwd], () => readUserFiles(rootfs)), true, 'an opening is seen');
});

test('readFileInRoot() gives up on a path of very many components', async (t) => {
  const rootfs = makeRootfs(t);
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0');
  for (let index = 0; index < 39; index++) {
    symlinkSync(`${'etc/../'.repeat(500)}link${index + 1}`, join(rootfs, `link${index}`));
  }
  symlinkSync('etc/passwd', join(rootfs, 'link39'));
  assert.equal(await readFileInRoot(rootfs, '/link0', 4), undefined);
  assert.ok(await readFileInRoot(rootfs, `${'/etc/..'.repeat(20)}/link39`, 4));
  assert.equal(await readFileInRoot(rootfs, `${'/etc'.repeat(1000)}`, 4), undefined);
});
