import assert from 'node:assert/strict';
import { test } from 'node:test';
import { displayWidth, truncateToWidth } from './display-width.ts';

for (const [text, width] of [
  ['abc', 3],
  ['größe', 5],
  ['gro\u0308\u00dfe', 5],
  ['日本語', 6],
  ['ボリューム', 10],
  ['한국어', 6],
  ['\u1112\u1161\u11ab', 2],
  ['ｶﾀｶﾅ', 4],
  ['ＡＢ、', 6],
  ['🐳', 2],
  ['©→…', 3],
  ['\\x1b[2J', 7],
] as const) {
  test(`"${text}" takes ${width} columns`, () => assert.equal(displayWidth(text), width));
}

test('a text that is too wide ends with an ellipsis, and never exceeds the width', () => {
  assert.equal(truncateToWidth('abcdef', 6), 'abcdef');
  assert.equal(truncateToWidth('abcdef', 4), 'abc…');
  assert.equal(truncateToWidth('日本語', 5), '日本…');
  assert.equal(truncateToWidth('日本語', 4), '日…');
  assert.equal(truncateToWidth('abc', 1), '…');
});
