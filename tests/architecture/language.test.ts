/**
 * Comments are sentences or noun phrases, and a directory is called a directory.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findUnclear } from './check-language.ts';
import { parseProduct, parseSource, parseTests } from './parsed-sources.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

test('comments begin with a subject or a verb, and say directory', async () => {
  const sources = [...(await parseProduct(repository)), ...(await parseTests(repository))];
  assert.deepEqual(sources.flatMap(findUnclear), []);
});

describe('findUnclear()', () => {
  for (const [name, text, expected] of [
    ['accepts a noun phrase', '/** Upper bound in bytes. */', []],
    ['accepts a sentence', '/** Returns what the caller gave. */', []],
    ['accepts "which" further on', '// The file which is open.', []],
    ['finds "What"', '/** What the caller gave. */', ['x.ts:1 What the caller gave.']],
    ['finds "Whether"', '/** Whether it runs. */', ['x.ts:1 Whether it runs.']],
    ['finds "How"', '// How it ended.', ['x.ts:1 How it ended.']],
    ['finds "Whoever"', '\n// Whoever waits.', ['x.ts:2 Whoever waits.']],
    ['accepts a line that continues the one above', '// The caller reads\n// What it got.', []],
    ['finds a fragment after an empty line', '// A comment.\n\n// What it got.', ['x.ts:3 What it got.']],
    ['finds "folder"', '// The folder of a plugin.', ['x.ts:1 The folder of a plugin.']],
    [
      'finds a fragment in a tag',
      '/**\n * Wait.\n *\n * @returns whether it ran\n * @param a What to do.\n */',
      ['x.ts:1 What to do.'],
    ],
    ['accepts a lower-case word in a tag', '/** @returns whether it ran */', []],
  ] as const) {
    test(name, () => assert.deepEqual(findUnclear(parseSource('x.ts', text)), expected));
  }
});
