/**
 * Every symbol that a file of a package exports has a doc comment.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findUndocumented } from './check-documentation.ts';
import { parseProduct, parseSource } from './parsed-sources.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

test('every exported symbol has a doc comment', async () => {
  assert.deepEqual((await parseProduct(repository)).flatMap(findUndocumented), []);
});

describe('findUndocumented()', () => {
  for (const [name, text, expected] of [
    ['a function', 'export function a() {}', ['x.ts a']],
    ['an asynchronous function', 'export async function a() {}', ['x.ts a']],
    ['a class', 'export class A {}', ['x.ts A']],
    ['an abstract class', 'export abstract class A {}', ['x.ts A']],
    ['an interface', 'export interface A {}', ['x.ts A']],
    ['a type', 'export type A = 1;', ['x.ts A']],
    ['a constant', 'export const a = 1;', ['x.ts a']],
    ['a symbol under a line comment', '// A comment.\nexport const a = 1;', ['x.ts a']],
    ['a symbol under a block that is not a doc comment', '/* A comment. */\nexport const a = 1;', ['x.ts a']],
    [
      'a symbol with another one in between',
      '/** A comment. */\nconst b = 1;\nexport const a = b;',
      ['x.ts a'],
    ],
    ['no symbol with a doc comment', '/** A comment. */\nexport const a = 1;', []],
    ['no second overload', '/** A. */\nexport function a(b: 1): 1;\nexport function a(b: 2): 2;', []],
    ['no re-export', "export { a } from './a.ts';", []],
    ['no symbol that stays in the file', 'function a() {}', []],
  ] as const) {
    test(`finds ${name}`, () => assert.deepEqual(findUndocumented(parseSource('x.ts', text)), expected));
  }
});
