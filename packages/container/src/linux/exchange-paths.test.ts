import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exchangePaths } from './exchange-paths.ts';

test('exchangePaths() swaps a filled directory with a file, and refuses an absent path', async () => {
  const place = await mkdtemp(join(tmpdir(), 'outboard-exchange-'));
  try {
    await mkdir(join(place, 'a'));
    await writeFile(join(place, 'a', 'inside'), '');
    await writeFile(join(place, 'b'), 'text');
    exchangePaths(join(place, 'a'), join(place, 'b'));
    assert.equal(await readFile(join(place, 'a'), 'utf8'), 'text');
    assert.deepEqual(await readdir(join(place, 'b')), ['inside']);
    assert.throws(() => exchangePaths(join(place, 'a'), join(place, 'c')), {
      code: 'ENOENT',
      syscall: 'renameat2',
      path: join(place, 'a'),
    });
  } finally {
    await rm(place, { recursive: true });
  }
});
