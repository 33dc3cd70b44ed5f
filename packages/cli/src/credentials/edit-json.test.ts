import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { removeJsonMember, setJsonMember } from './edit-json.ts';

const path = ['auths', 'h:5000'];

describe('setJsonMember()', () => {
  for (const [name, before, after] of [
    [
      'an empty object, in the form of docker',
      '{}',
      '{\n\t"auths": {\n\t\t"h:5000": {\n\t\t\t"a": 1\n\t\t}\n\t}\n}',
    ],
    [
      'other members, whose bytes it keeps',
      '{\n  "n": 12345678901234567890,  "x":[1,{"y":"}\\""}],\n  "auths": {\n    "g": {}\n  }\n}\n',
      '{\n  "n": 12345678901234567890,  "x":[1,{"y":"}\\""}],\n  "auths": {\n    "g": {},\n    "h:5000": {\n      "a": 1\n    }\n  }\n}\n',
    ],
    ['a text on one line', '{"auths":{"g":{}}}', '{"auths":{"g":{},"h:5000":{"a":1}}}'],
    ['an older value', '{"auths":{"h:5000":{"b":[2]},"z":0}}', '{"auths":{"h:5000":{"a":1},"z":0}}'],
    [
      'equal keys, of which the last one counts',
      '{"auths":{"h:5000":1,"h:5000":2}}',
      '{"auths":{"h:5000":1,"h:5000":{"a":1}}}',
    ],
    ['a key with escapes', '{"auths":{"\\u0068:5000":1}}', '{"auths":{"\\u0068:5000":{"a":1}}}'],
    ['null in place of an object', '{"auths":null}', '{"auths":{"h:5000":{"a":1}}}'],
    [
      'an empty object inside',
      '{\n\t"auths": {}\n}',
      '{\n\t"auths": {\n\t\t"h:5000": {\n\t\t\t"a": 1\n\t\t}\n\t}\n}',
    ],
  ] as const) {
    test(`changes ${name}`, () => assert.equal(setJsonMember(before, path, { a: 1 }), after));
  }
});

describe('removeJsonMember()', () => {
  for (const [name, before, after] of [
    ['the only member', '{"auths": { "h:5000": {} }, "b": 1.0}', '{"auths": {}, "b": 1.0}'],
    ['the first one', '{"auths":{\n "h:5000":{},\n "i":1}}', '{"auths":{\n "i":1}}'],
    ['the last one', '{"auths":{\n "i":1,\n "h:5000":{}\n}}', '{"auths":{\n "i":1\n}}'],
    ['each of equal keys', '{"auths":{"h:5000":1,"i":2,"h:5000":3}}', '{"auths":{"i":2}}'],
    ['nothing from a text without it', '{"auths": [ 1 ]}', '{"auths": [ 1 ]}'],
  ] as const) {
    test(`removes ${name}`, () => assert.equal(removeJsonMember(before, path), after));
  }
});

const key = fc.oneof(fc.constantFrom('auths', 'h', '__proto__x', '"', '\\'), fc.string({ unit: 'binary' }));
const document = fc.dictionary(key, fc.jsonValue());

test('a change equals the same change of the parsed document, in every indentation', () => {
  fc.assert(
    fc.property(document, key, key, fc.jsonValue(), fc.constantFrom('', ' ', '    ', '\t'), (...drawn) => {
      const [value, outer, inner, added, indentation] = drawn;
      const parsed = JSON.parse(JSON.stringify(value));
      const text = JSON.stringify(parsed, undefined, indentation);
      const at = parsed[outer];
      const isObject =
        typeof at === 'object' && at !== null && !Array.isArray(at) && Object.hasOwn(parsed, outer);
      const set = JSON.parse(setJsonMember(text, [outer, inner], added));
      const expected = JSON.parse(JSON.stringify(added));
      assert.deepEqual(set, { ...parsed, [outer]: { ...(isObject ? at : {}), [inner]: expected } });
      const removed = JSON.parse(
        removeJsonMember(setJsonMember(text, [outer, inner], added), [outer, inner]),
      );
      const { [inner]: _, ...rest } = isObject ? at : {};
      assert.deepEqual(removed, { ...parsed, [outer]: rest });
    }),
  );
});
