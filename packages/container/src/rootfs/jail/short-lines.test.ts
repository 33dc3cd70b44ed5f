import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortLines } from './short-lines.ts';

test('shortLines() keeps the error below a line of a bundle and the spaces that point into it', () => {
  const printed = `${'x'.repeat(20_000)}\n${' '.repeat(1020)}^\n\nError: no such export\n    at child.js:3:1\n`;
  assert.equal(shortLines(printed), `${'x'.repeat(200)}\n\n\nError: no such export\n    at child.js:3:1`);
});
