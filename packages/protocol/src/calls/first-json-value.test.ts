import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseFirstValue } from './first-json-value.ts';

describe('parseFirstValue()', () => {
  const cases: readonly (readonly [string, string, unknown])[] = [
    ['one object', '{"a":1}', { a: 1 }],
    ['what follows an object as nothing', '{"Err":"first"}\n{"Err":""}\n', { Err: 'first' }],
    ['junk after an object as nothing', '{"a":{}}junk', { a: {} }],
    ['brackets and quotes in strings as text', '{"a":"}\\"}]"}{', { a: '}"}]' }],
    ['null, whatever follows', ' \n null{"a":1}', null],
    ['an array', '[{"a":[]}] {}', [{ a: [] }]],
    ['plain text as nothing', 'it broke', undefined],
    ['nothing as nothing', '', undefined],
    ['half an object as nothing', '{"a":{"b":1}', undefined],
    ['brackets of the wrong kind as nothing', '{"a":1]', undefined],
    ['an open string as nothing', '{"a":"}', undefined],
    ['an open escape as nothing', '{"a":"\\', undefined],
    ['a name that was never a plain one', '{"__proto__":{"a":1}}', JSON.parse('{"__proto__":{"a":1}}')],
  ];
  for (const [name, text, want] of cases) {
    test(`reads ${name}`, () => assert.deepEqual(parseFirstValue(text), want));
  }

  test('S04 refuses what is nested so deeply that it could not be printed', () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    assert.ok(Array.isArray(parseFirstValue(nested(256))), 'want 256 levels to be read');
    assert.equal(parseFirstValue(nested(257)), undefined);
    assert.equal(parseFirstValue(nested(500_000)), undefined);
  });

  test('refuses what has so many values that reading them would hold up everything else', () => {
    const list = (values: number) => `[${'1,'.repeat(values - 1)}1]`;
    assert.ok(Array.isArray(parseFirstValue(list(500_000))));
    assert.equal(parseFirstValue(list(500_001)), undefined);
  });

  test('reads any JSON value as JSON.parse does, whatever follows it', () => {
    const objects = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
    fc.assert(
      fc.property(objects, fc.string(), (value, rest) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseFirstValue(text + rest), JSON.parse(text));
      }),
    );
  });
});
