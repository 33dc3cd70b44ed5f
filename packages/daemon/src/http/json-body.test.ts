import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codec } from '@outboard/oci';
import { decodeJson } from './json-body.ts';

const request = codec.required(
  codec.object({
    name: codec.field('Name', codec.text),
    items: codec.field('Items', codec.listOrEmpty(codec.requiredText)),
    isForced: codec.field('Force', codec.flag),
    size: codec.optionalField('Size', codec.object({ width: codec.field('Width', codec.wholeNumber(0, 9)) })),
  }),
);
const nothing = { name: '', items: [], isForced: false };

describe('decodeJson()', () => {
  for (const [name, document, value] of [
    ['absent fields as zero values', {}, nothing],
    ['null fields as zero values', { Name: null, Items: null, Force: null, Size: null }, nothing],
    [
      'field names in any letter case',
      { nAME: 'n', SIZE: { width: 1 } },
      { ...nothing, name: 'n', size: { width: 1 } },
    ],
    [
      'an object with unknown fields, which it ignores',
      { name: 'n', Other: 1, ['__proto__']: {} },
      { ...nothing, name: 'n' },
    ],
  ] as const) {
    test(`reads ${name}`, () => assert.deepEqual(decodeJson(document, request), value));
  }

  for (const [name, document, message] of [
    ['an empty body', undefined, 'invalid JSON: expected an object'],
    ['null', null, 'invalid JSON: expected an object'],
    ['an array', [], 'invalid JSON: expected an object'],
    ['a string', 'secret', 'invalid JSON: expected an object'],
    ['a field of another type', { name: 5 }, 'invalid JSON: field "Name": expected a string or null'],
    ['an element of another type', { Items: ['a', 5] }, 'invalid JSON: field "Items[1]": expected a string'],
    [
      'a value out of range in a nested object',
      { Size: { Width: 10 } },
      'invalid JSON: field "Size.Width": expected a whole number from 0 to 9',
    ],
    [
      'a flag that is a string',
      { Force: 'secret' },
      'invalid JSON: field "Force": expected true, false or null',
    ],
    [
      'a duplicate field',
      { Name: 'a', name: 'b' },
      'invalid JSON: ambiguous: field "Name" is given twice, in different letter case; spell each field once, in ASCII',
    ],
  ] as const) {
    test(`refuses ${name} without the value in the message`, () => {
      assert.throws(() => decodeJson(document, request), { message });
    });
  }

  test('refuses an element of another type in an array', () => {
    assert.throws(() => decodeJson(['a', {}], codec.listOrEmpty(codec.text)), {
      message: 'invalid JSON: element 1: expected a string or null',
    });
  });

  test('refuses unknown fields with unknownFields: refuse', () => {
    assert.throws(() => decodeJson({ Names: 'n' }, request, { unknownFields: 'refuse' }), {
      status: 400,
      message: 'unknown field "Names": expected one of "Name", "Items", "Force", "Size"',
    });
    assert.deepEqual(decodeJson({ name: 'n' }, request, { unknownFields: 'refuse' }), {
      ...nothing,
      name: 'n',
    });
  });
});
