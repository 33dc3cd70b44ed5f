/**
 * One form for constants, for parts of types, for suites of contracts, and for support of tests.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findUnconventional, hasOldName } from './check-conventions.ts';
import { parseProduct, parseSource, parseTests } from './parsed-sources.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

test('constants are camelCase, and partial types use Pick, not Omit', async () => {
  const product = (await parseProduct(repository)).flatMap(findUnconventional);
  const tests = (await parseTests(repository)).flatMap(findUnconventional);
  assert.deepEqual([...product, ...tests.filter((fault) => !fault.endsWith('Omit in place of Pick'))], []);
});

test('contract suites are named x.suite.ts, and test support is in testing/', async () => {
  const sources = [...(await parseProduct(repository)), ...(await parseTests(repository))];
  const paths = sources.map(({ path }) => path);
  assert.deepEqual(paths.filter(hasOldName), []);
});

describe('findUnconventional()', () => {
  for (const [name, text, expected] of [
    ['accepts camelCase', 'const maxBytes = 1;', []],
    ['accepts a class in a constant', 'const A = class {};', []],
    ['finds an upper-case constant', 'const MAX_BYTES = 1;', ['x.ts:1 MAX_BYTES is not in camelCase']],
    ['finds one word in upper case', '\nexport const LIMIT = 1;', ['x.ts:2 LIMIT is not in camelCase']],
    ['finds Omit', "type A = Omit<B, 'c'>;", ['x.ts:1 Omit in place of Pick']],
  ] as const) {
    test(name, () => assert.deepEqual(findUnconventional(parseSource('x.ts', text)), expected));
  }
});
