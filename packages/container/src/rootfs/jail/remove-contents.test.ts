import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { terminatePath } from '../../linux/file-calls.ts';
import { LayerNames } from './layer-names.ts';
import { removeContents } from './remove-contents.ts';

function jailPathOf(path: string): Buffer {
  return terminatePath(Buffer.from(path));
}

/** Names that a layer wrote, with a count of look-ups. */
class CountingNames extends LayerNames {
  asked = 0;

  override has(parentInode: number, name: Buffer): boolean {
    this.asked++;
    return super.has(parentInode, name);
  }
}

/** A tree of lower files `l…` and files of the layer `u…`, in `/`, `/a` and `/a/b`. */
function makeTree(t: TestContext, filesInEach: number) {
  const root = mkdtempSync(join(tmpdir(), 'outboard-remove-'));
  const before = process.cwd();
  t.after(() => {
    process.chdir(before); // the walk ends in the root of the jail
    rmSync(root, { recursive: true });
  });
  const names = new CountingNames();
  const directories = [root, join(root, 'a'), join(root, 'a/b')];
  for (const directory of directories) {
    mkdirSync(directory, { recursive: true });
    for (let index = 0; index < filesInEach; index++) {
      writeFileSync(join(directory, `l${index}`), '');
      writeFileSync(join(directory, `u${index}`), '');
      names.add(jailPathOf(join(directory, `u${index}`)));
    }
  }
  return { root, names, directories };
}

test('removeContents() visits each entry once in repeated and nested calls', (t) => {
  const { root, names, directories } = makeTree(t, 100);
  for (let round = 0; round < 50; round++) {
    for (const directory of directories.toReversed()) removeContents(jailPathOf(directory), names);
  }
  // 200 files in each directory, and the two directories below others.
  assert.ok(names.asked >= 600, `it asked ${names.asked} times`);
  assert.ok(names.asked <= 602 + 50 * 3, `it asked ${names.asked} times`);
  for (const directory of directories) {
    assert.equal(readdirSync(directory).filter((name) => name.startsWith('u')).length, 100, directory);
    assert.equal(readdirSync(directory).filter((name) => name.startsWith('l')).length, 0, directory);
  }
  assert.equal(names.isEmptied(statSync(root).ino), true);
});
