import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createHostFiles } from './host-files.ts';
import { createLocalPaths, type LocalPaths } from './local-paths.ts';

/** As if another process served every file system. */
const served: LocalPaths = { isLocal: async () => false };

async function openPlace(context: TestContext): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'outboard-host-files-'));
  context.after(() => rm(home, { recursive: true, force: true }));
  await mkdir(join(home, 'directory'));
  await writeFile(join(home, 'file'), 'content');
  await symlink('file', join(home, 'link'));
  await symlink('loop', join(home, 'loop'));
  execFileSync('mkfifo', [join(home, 'fifo')]);
  const server = createServer();
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(join(home, 'socket'), resolve));
  return home;
}

for (const [where, paths] of [
  ['local files', createLocalPaths()],
  ['files of file systems that may not answer', served],
] as const) {
  test(`HostFiles looks at ${where}`, async (context) => {
    const home = await openPlace(context);
    const files = createHostFiles({ paths });
    const at = (name: string) => join(home, name);
    for (const [name, type] of [
      ...[['file', 'file'] as const, ['link', 'file'] as const, ['directory', 'directory'] as const],
      ...[['socket', 'socket'] as const, ['fifo', 'other'] as const, ['none', 'absent'] as const],
      ['file/below', 'absent'] as const,
    ])
      assert.equal(await files.typeOf(at(name)), type, name);
    assert.equal(await files.realPath(at('link')), at('file'));
    assert.equal(await files.realPath(at('none')), at('none'));
    const names = ['directory', 'fifo', 'file', 'link', 'loop', 'socket'];
    const entries = [...(await files.list(home))].sort((one, other) => (one.name < other.name ? -1 : 1));
    assert.deepEqual(
      entries,
      names.map((name) => ({ name, isDirectory: name === 'directory' })),
    );
    assert.deepEqual(await files.list(at('none')), []);
    assert.equal(String(await files.read(at('link'), 100)), 'content');
    await assert.rejects(files.read(at('fifo'), 100), { kind: 'invalid' });
    await assert.rejects(files.typeOf(at('loop')));
    const { handle, type } = await files.openHandle(at('socket'));
    await handle.close();
    assert.equal(type, 'socket');
    const reason = new Error('the caller left');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(createHostFiles({ paths, signal }).typeOf(home), reason);
  });
}

test('LocalPaths follows links before it tells where a path leads', async (context) => {
  const home = await openPlace(context);
  await symlink('../../..//proc/self', join(home, 'directory', 'up'));
  const { isLocal } = createLocalPaths();
  for (const path of ['/', home, 'link', 'loop', 'none/below', 'directory/up/../1', 'directory/up/fd'])
    assert.equal(await isLocal(join(home, path)), true, path);
});
