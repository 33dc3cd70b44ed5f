import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasBoundedValues } from './json-work.ts';

describe('hasBoundedValues()', () => {
  for (const [text, values] of [
    ['1', 1],
    ['[1,2,3]', 4],
    ['{"a":1,"b":[{}]}', 5],
    ['",,,[[["', 1],
    ['"\\",,"', 1],
    ['"\\\\",,', 3],
  ] as const) {
    it(`counts ${values} in ${text}`, () => {
      assert.equal(hasBoundedValues(Buffer.from(text), values), true);
      assert.equal(hasBoundedValues(Buffer.from(text), values - 1), values === 1);
    });
  }
});
