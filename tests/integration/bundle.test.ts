/**
 * Building again beside running daemons, as `npm run setup` does in a checkout that is in use.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const root = new URL('../..', import.meta.url).pathname;
const directory = 'lib/outboard';

/** Identity of each file: a file that is written again in place, or replaced, has another one. */
async function identities(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  // Without the directory of a build that is under way.
  const names = (await readdir(join(root, directory))).filter((name) => /\.c?js$/.test(name));
  for (const name of names) {
    const { ino, mtimeMs, ctimeMs } = await stat(join(root, directory, name));
    found[name] = `${ino} ${mtimeMs} ${ctimeMs}`;
  }
  return found;
}

test('bundling again leaves files alone that are the same, for a program may be starting from them', async () => {
  const before = await identities();
  await promisify(execFile)(process.execPath, ['scripts/bundle.mjs'], { cwd: root });
  assert.deepEqual(await identities(), before);
  assert.deepEqual(Object.keys(before).sort(), [
    'authoring.cjs',
    'child.js',
    'cli.cjs',
    'daemon.cjs',
    'start.cjs',
  ]);
});
