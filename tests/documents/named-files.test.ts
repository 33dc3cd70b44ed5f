/**
 * The source files that pages name, such as the test of a claim, exist.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pages, repository } from './pages.ts';

const sourcePath = /`((?:bench|bin|examples|packages|scripts|templates|tests)\/[\w./-]+)`/g;

test('every source file and directory that a page names exists', () => {
  const named = pages.flatMap(({ path, prose }) =>
    [...prose.matchAll(sourcePath)].map(([, file = '']) => ({ page: path, file })),
  );
  assert.ok(named.some(({ page }) => page === 'SECURITY.md'));
  assert.ok(named.some(({ page }) => page === 'docs/reliability.md'));
  assert.deepEqual(
    named.filter(({ file }) => !existsSync(join(repository, file))),
    [],
  );
});
