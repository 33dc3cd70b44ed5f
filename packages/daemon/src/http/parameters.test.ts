import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTrue, parseSeconds } from './parameters.ts';

test('isTrue() accepts the truth values of Docker', () => {
  for (const text of [null, '', '0', ' No ', 'FALSE', 'none'])
    assert.equal(isTrue(text), false, String(text));
  for (const text of ['1', 'true', 'True', 'yes', 'on', 'x']) assert.equal(isTrue(text), true, text);
});

test('parseSeconds() reads an absent or empty value as 0', () => {
  assert.deepEqual([null, '', '0', '30', '+5'].map(parseSeconds), [0, 0, 0, 30, 5]);
});

test('parseSeconds() refuses a non-integer with the error text of Docker', () => {
  for (const text of ['abc', '1.5', '1e3', '0x10', ' 1']) {
    const message = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
    assert.throws(() => parseSeconds(text), { status: 400, message });
  }
});

test('parseSeconds() refuses a value out of range', () => {
  for (const text of ['-1', '86401', '9'.repeat(400)])
    assert.throws(() => parseSeconds(text), { status: 400 });
});
