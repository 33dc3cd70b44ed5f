/**
 * Keeps functions and files small enough to be read at once. Test files are exempt, because a table of cases or a
 * `describe` is one function; the code that tests share is not.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findOversized } from './check-sizes.ts';
import { parseProduct, parseSource, parseTests } from './parsed-sources.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

test('functions have up to 60 lines and 4 parameters, files up to 300 lines', async () => {
  const tests = (await parseTests(repository)).filter(
    ({ path }) => !/\.(test|suite)\.ts$/.test(path) && !path.includes('/fixtures/'),
  );
  assert.deepEqual([...(await parseProduct(repository)), ...tests].flatMap(findOversized), []);
});

describe('findOversized()', () => {
  const body = (lines: number) => 'run();\n'.repeat(lines);
  for (const [name, text, expected] of [
    ['accepts 60 lines', `function a() {\n${body(58)}}\n`, []],
    ['finds 61 lines', `function a() {\n${body(59)}}\n`, ['x.ts a: 61 lines']],
    ['counts comments and blank lines', `function a() {\n${'// x\n\n'.repeat(30)}}\n`, ['x.ts a: 62 lines']],
    ['finds an arrow function', `export const a = () => {\n${body(59)}};\n`, ['x.ts a: 61 lines']],
    ['finds a function without a name', `run(() => {\n${body(59)}});\n`, ['x.ts anonymous: 61 lines']],
    ['finds a method', `class A {\n#b() {\n${body(59)}}\n}\n`, ['x.ts #b: 61 lines']],
    ['finds a getter', `const a = {\nget b() {\n${body(59)}}\n};\n`, ['x.ts b: 61 lines']],
    ['finds a function in a property', `const a = {\nb: () => {\n${body(59)}}\n};\n`, ['x.ts b: 61 lines']],
    ['accepts 4 parameters', 'function a(b: 1, c: 1, d: 1, e: 1) {}\n', []],
    ['finds 5 parameters', 'function a(b: 1, c: 1, d: 1, e: 1, ...f: 1[]) {}\n', ['x.ts a: 5 parameters']],
    ['does not count this', 'function a(this: 1, b: 1, c: 1, d: 1, e: 1) {}\n', []],
    ['accepts 300 lines', body(300), []],
    ['finds 301 lines', body(301), ['x.ts: 301 lines']],
  ] as const) {
    test(name, () => assert.deepEqual(findOversized(parseSource('x.ts', text)), expected));
  }
});
