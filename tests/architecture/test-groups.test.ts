/**
 * The runner of the tests loads many files in one process: none may be lost, and none may meet the hooks of another.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const { groupTests } = await import(new URL('../../scripts/group-tests.mjs', import.meta.url).href);

test('every test file runs once, and one with hooks at its top level runs alone', (context) => {
  const root = mkdtempSync(join(tmpdir(), 'outboard-groups-'));
  context.after(() => rmSync(root, { recursive: true }));
  const numbers = Array.from({ length: 30 }, (_, number) => number);
  const plain = numbers.map((number) => `packages/oci/dist/n${number}.test.js`);
  const other = 'packages/engine/dist/only.test.js';
  const hooked = 'packages/oci/dist/hooked.test.js';
  for (const file of [...plain, other, hooked]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), file === hooked ? 'before(() => {});\n' : '  before(() => {});\n');
  }
  const modules: readonly string[] = groupTests([...plain, other, hooked].sort(), { root, directory: root });
  const loaded = modules
    .filter((module) => module !== hooked)
    .map((module) => [...readFileSync(module, 'utf8').matchAll(/import "(.*)";/g)].map(([, path]) => path));
  assert.ok(modules.includes(hooked));
  assert.equal(loaded.length, 4, 'three groups of ten, and one of the other package');
  assert.deepEqual(loaded.flat().sort(), [...plain, other].map((file) => join(root, file)).sort());
});
