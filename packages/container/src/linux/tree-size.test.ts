import assert from 'node:assert/strict';
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readTreeSize } from './tree-size.ts';

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'ob-size-'));
});
after(() => rm(home, { recursive: true }));

test('a tree is as large as its files, hard links count once, and links are not followed', async () => {
  const [tree, other] = [join(home, '-tree'), join(home, 'other')];
  await mkdir(tree);
  await writeFile(other, Buffer.alloc(1 << 20, 1));
  const empty = await readTreeSize(tree);
  await writeFile(join(tree, 'one'), Buffer.alloc(1 << 16, 1));
  await link(join(tree, 'one'), join(tree, 'again'));
  await symlink(other, join(tree, 'link'));
  const grown = (await readTreeSize(tree)) - empty;
  assert.ok(grown >= 1 << 16 && grown < 1 << 17, `${grown} bytes`);
});

test('a tree that is absent has no size', async () => {
  await assert.rejects(readTreeSize(join(home, 'absent')), {
    kind: 'system',
    message: /absent.*No such file/,
  });
});
