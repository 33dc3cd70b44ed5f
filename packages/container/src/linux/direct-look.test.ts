import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nextTurn, withResolvers } from '@outboard/async';
import { createDirectLook } from './direct-look.ts';
import { createFileSystemProbe } from './file-system-probe.ts';
import { createLocalPaths } from './local-paths.ts';

describe('a look without a child process', () => {
  let home: string;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'outboard-look-'));
    await symlink('/dev/null', join(home, 'link'));
    await symlink('nothing', join(home, 'dangling'));
  });
  after(() => rm(home, { recursive: true, force: true }));
  const direct = createDirectLook(createLocalPaths(), undefined);
  const byChild = createFileSystemProbe({ paths: { isLocal: async () => false } });

  for (const name of ['/dev/null', '/dev/ptmx', '/', 'link', 'dangling', 'none', '.'])
    test(`gives the same answers for ${name} as a child process`, async () => {
      const path = name.startsWith('/') ? name : join(home, name);
      for (const followLinks of [true, false])
        assert.deepEqual(await direct.status(path, followLinks), await byChild.status(path, { followLinks }));
      const [target, real] = [await direct.link(path), await direct.realPath(path)];
      assert.ok(target === undefined || name.includes('link') || name === 'dangling', 'only of a link');
      if (target !== undefined) assert.deepEqual(target, await byChild.link(path));
      if (real !== undefined) assert.deepEqual(real, await byChild.realPath(path));
    });

  test('I14 leaves file systems that may not answer, and failures, to a child process', async () => {
    const foreign = createDirectLook({ isLocal: async () => false }, undefined);
    assert.equal(await foreign.status('/', true), undefined);
    assert.equal(await direct.status('/dev/null/x', true), undefined);
    assert.equal(await direct.realPath(join(home, 'none')), undefined);
    assert.equal(await direct.link('/'), undefined);
  });

  test('I14 a look that does not return holds one thread, and others are left to child processes', async () => {
    const answer = withResolvers<boolean>();
    const silent = createDirectLook({ isLocal: () => answer.promise }, undefined);
    assert.deepEqual(await Promise.all([silent.status('/', true), silent.realPath('/')]), [
      undefined,
      undefined,
    ]);
    assert.equal(await direct.status('/', true), undefined);
    assert.equal((await createFileSystemProbe().status('/', { followLinks: true })).kind, 'found');
    answer.resolve(false);
    await nextTurn();
    assert.equal((await direct.status('/', true))?.kind, 'found');
  });
});
