import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseFirstValue } from './first-json-value.ts';

describe('parseFirstValue()', () => {
  const cases: readonly (readonly [string, string, unknown])[] = [
    ['one object', '{"a":1}', { a: 1 }],
    ['no value after the first object', '{"Err":"first"}\n{"Err":""}\n', { Err: 'first' }],
    ['no text after an object', '{"a":{}}junk', { a: {} }],
    ['brackets and quotes in strings as text', '{"a":"}\\"}]"}{', { a: '}"}]' }],
    ['null, and nothing after it', ' \n null{"a":1}', null],
    ['an array', '[{"a":[]}] {}', [{ a: [] }]],
    ['plain text as no value', 'it broke', undefined],
    ['empty text as no value', '', undefined],
    ['half an object as no value', '{"a":{"b":1}', undefined],
    ['mismatched brackets as no value', '{"a":1]', undefined],
    ['an unterminated string as no value', '{"a":"}', undefined],
    ['an unterminated escape as no value', '{"a":"\\', undefined],
    ['a field named __proto__', '{"__proto__":{"a":1}}', JSON.parse('{"__proto__":{"a":1}}')],
  ];
  for (const [name, text, want] of cases) {
    test(`reads ${name}`, () => assert.deepEqual(parseFirstValue(text), want));
  }

  test('S04 refuses values nested so deeply that JSON.stringify() would overflow', () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    assert.ok(Array.isArray(parseFirstValue(nested(256))), 'want 256 levels to be read');
    assert.equal(parseFirstValue(nested(257)), undefined);
    assert.equal(parseFirstValue(nested(500_000)), undefined);
  });

  test('refuses more values than can be parsed without blocking the process', () => {
    const list = (values: number) => `[${'1,'.repeat(values - 1)}1]`;
    assert.ok(Array.isArray(parseFirstValue(list(200_000))));
    assert.equal(parseFirstValue(list(200_001)), undefined);
  });

  test('S04 refuses an object with more members than can be parsed without blocking the process', () => {
    const object = (members: number) =>
      `[{${Array.from({ length: members }, (_, index) => `"${index}":{}`).join(',')}},{"a":1}]`;
    assert.ok(Array.isArray(parseFirstValue(object(4096))));
    assert.equal(parseFirstValue(object(4097)), undefined);
  });

  test('reads any JSON value as JSON.parse() does, with any text after it', () => {
    const objects = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
    fc.assert(
      fc.property(objects, fc.string(), (value, rest) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseFirstValue(text + rest), JSON.parse(text));
      }),
    );
  });
});
