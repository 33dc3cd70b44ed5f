import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isOneValue, readJson, spelledAs, writeJson } from './json-text.ts';

describe('readJson() and writeJson()', () => {
  for (const text of [
    '{"Size":9223372036854775807,"Small":5}',
    '[1.50,1e3,-0.1,12345678901234567890.5]',
    '{"text":"9223372036854775807 \\" 1e3","b":"\\u0000number 5x"}',
    '"a \\"\\u0000number 1\\" b"',
  ]) {
    test(`keep ${text}`, () => {
      const value = readJson(text);
      assert.ok(value !== undefined);
      assert.equal(writeJson(value), text);
    });
  }

  test('read the first value', () => {
    assert.deepEqual(readJson('{"a":1} {"b":2}'), { a: 1 });
    assert.equal(readJson('it broke'), undefined);
    assert.equal(readJson(''), undefined);
  });
});

test('isOneValue() is false for text after the value', () => {
  assert.deepEqual(['{"a":1}\n', 'null', '{} {}', ''].map(isOneValue), [true, true, false, false]);
});

test("spelledAs() matches names in any letter case by Go's rules", () => {
  const given = { mountPOINT: '/old', Mountpoint: '/m', mountpoint: null, Other: 1, ['__proto__']: 2 };
  const spelled = spelledAs(given, ['Mountpoint', 'Err']);
  assert.deepEqual(Object.entries(spelled), [
    ['Mountpoint', '/m'],
    ['Other', 1],
    ['__proto__', 2],
  ]);
  assert.deepEqual(spelledAs(null, ['Err']), {});
});
