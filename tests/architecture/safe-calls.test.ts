/**
 * Calls of Node.js that product code must not make, because they may never return.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isTestCode } from './parsed-sources.ts';
import { readSources } from './source-imports.ts';
import { childDirectories, daemonPackages, explainedCalls, synchronousImports } from './synchronous-calls.ts';

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

test('I14 each synchronous call to a file system in the daemon has a reason why no other process can make it wait', async () => {
  const found: Record<string, string> = {};
  for (const name of daemonPackages) {
    for (const { path } of await readSources(repository, `packages/${name}/src`)) {
      const below = path.replace(/^packages\//, '');
      const names = synchronousImports(await readFile(join(repository, path), 'utf8')).join(' ');
      if (names !== '' && !isTestCode(path)) found[below] = names;
    }
  }
  const explained: Record<string, string> = Object.assign({}, ...Object.values(explainedCalls));
  for (const path of Object.keys(found)) {
    const isOfChild = childDirectories.some((directory) => path.startsWith(directory));
    if (isOfChild && explained[path] === undefined) delete found[path];
  }
  assert.deepEqual(
    found,
    explained,
    'look at the file as FileSystemProbe or HostFiles do, or tell the reason',
  );
});

test('synchronousImports() finds the functions that wait', () => {
  const source = `
    /** import { statSync } from 'node:fs'; */
    import { constants, closeSync, readFileSync as read, type Stats, watch } from 'node:fs';
    import { stat } from 'node:fs/promises';
    import * as fs from 'node:fs';
  `;
  assert.deepEqual(synchronousImports(source), ['*', 'readFileSync', 'watch']);
});
