import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatBytes } from './format-bytes.ts';

describe('formatBytes()', () => {
  for (const [bytes, expected] of [
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [400_122_280, '400.1MB'],
    [2e15, '2PB'],
    [2e21, '2000000PB'],
  ] as const) {
    test(`shows ${bytes} as ${expected}`, () => assert.equal(formatBytes(bytes), expected));
  }
});
