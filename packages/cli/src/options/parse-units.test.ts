import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseDecimal, parseDuration, parseSize, parseWhole } from './parse-units.ts';

describe('parseSize()', () => {
  for (const [text, bytes] of [
    ['0', 0],
    ['32', 32],
    ['32b', 32],
    ['32k', 32_768],
    ['32KB', 32_768],
    ['32kib', 32_768],
    ['64m', 67_108_864],
    ['64 MiB', 67_108_864],
    ['1.5g', 1_610_612_736],
    ['2T', 2_199_023_255_552],
    ['', undefined],
    ['m', undefined],
    ['-1', undefined],
    ['6x', undefined],
    ['1e3', undefined],
    ['64  m', undefined],
    ['9999999999p', undefined],
  ] as const) {
    test(`reads '${text}' as ${bytes}`, () => assert.equal(parseSize(text), bytes));
  }
});

describe('parseDuration()', () => {
  for (const [text, seconds] of [
    ['0', 0],
    ['30s', 30],
    ['1m30s', 90],
    ['1.5h', 5400],
    ['.5s', 0.5],
    ['500ms', 0.5],
    ['250us', 0.00025],
    ['30', undefined],
    ['-1s', undefined],
    ['1d', undefined],
    ['s', undefined],
    ['', undefined],
    ['1s ', undefined],
  ] as const) {
    test(`reads '${text}' as ${seconds}`, () => assert.equal(parseDuration(text), seconds));
  }
});

test('parseDecimal() and parseWhole() take numbers and nothing else', () => {
  assert.deepEqual(['0.5', '.5', '2', '2.'].map(parseDecimal), [0.5, 0.5, 2, 2]);
  assert.deepEqual(['', '-1', '1e3', '0x1', ' 1', 'NaN', '.'].map(parseDecimal), Array(7).fill(undefined));
  assert.deepEqual(['0', '-1', '+7', '12'].map(parseWhole), [0, -1, 7, 12]);
  assert.deepEqual(['', '1.0', '1e3', '0x1', ' 1', '9'.repeat(20)].map(parseWhole), Array(6).fill(undefined));
});
