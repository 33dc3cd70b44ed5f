/**
 * Calls of Node.js that product code must not make, because they may never return.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSources } from './source-imports.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const directories = ['packages', 'bin', 'scripts', 'examples', 'bench'];
const isTest = (path: string) => /\.test\.|\.support\.|\/testing\//.test(path);
/** The option `recursive` outside of a call that removes, copies, lists or watches. */
const recursiveMkdir =
  /(?<!\b(?:rm|rmSync|cp|cpSync|readdir|readdirSync|watch)\([^;]*?)\brecursive\??\s*(?::\s*(?:true|boolean)\b|[,}])/;

test('only tests call mkdir(…, { recursive }), which never returns below /proc and /sys', async () => {
  const found: string[] = [];
  for (const directory of directories) {
    for (const { path } of await readSources(repository, directory)) {
      if (isTest(path)) continue;
      const source = await readFile(join(repository, path), 'utf8');
      const code = source.replace(/\/\*[\s\S]*?\*\//g, '');
      if (recursiveMkdir.test(code)) found.push(path);
    }
  }
  assert.deepEqual(found, [], 'use makeDirectories()');
});

for (const call of [
  'await mkdir(path, { recursive: true, mode: 0o700 });',
  'mkdirSync(join(a, b), {\n  recursive: true,\n});',
  'await makePrivateDirectory(path, { recursive: true });',
  'await mkdir(path, { recursive, mode });',
]) {
  test(`the rule reports ${JSON.stringify(call)}`, () => assert.match(call, recursiveMkdir));
}

test('the rule permits other calls', () => {
  assert.doesNotMatch('await rm(path, { force: true, recursive: true });', recursiveMkdir);
});
