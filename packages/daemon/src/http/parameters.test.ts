import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTrue, parseSeconds } from './parameters.ts';

test("isTrue() follows Docker's words", () => {
  for (const text of [null, '', '0', ' No ', 'FALSE', 'none'])
    assert.equal(isTrue(text), false, String(text));
  for (const text of ['1', 'true', 'True', 'yes', 'on', 'x']) assert.equal(isTrue(text), true, text);
});

test('parseSeconds() takes what is missing for 0', () => {
  assert.deepEqual([null, '', '0', '30', '+5'].map(parseSeconds), [0, 0, 0, 30, 5]);
});

test("parseSeconds() refuses what is no integer in Docker's words", () => {
  for (const text of ['abc', '1.5', '1e3', '0x10', ' 1']) {
    const message = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
    assert.throws(() => parseSeconds(text), { status: 400, message });
  }
});

test('parseSeconds() refuses what is out of range', () => {
  for (const text of ['-1', '86401', '9'.repeat(400)])
    assert.throws(() => parseSeconds(text), { status: 400 });
});
