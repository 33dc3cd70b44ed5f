import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OutboardError } from '../errors/outboard-error.ts';
import { type Codec, decodeDocument } from './codec.ts';
import { codec } from './codecs.ts';

const itemCodec = codec.object({
  name: codec.field('Name', codec.requiredText),
  note: codec.field('Note', codec.textOrNull),
});
const tableCodec = codec.object({
  zeta: codec.field('Zeta', codec.list(codec.text)),
  alpha: codec.fieldUnlessEmpty('Alpha', codec.wholeNumber(0, 9)),
  label: codec.optionalField('Label', codec.textIfAny),
  extra: codec.fieldPassedOver('Extra'),
  items: codec.field('Items', codec.listOrEmpty(itemCodec)),
});

function refusalOf(of: Codec<unknown>, document: unknown): string {
  try {
    decodeDocument(of, document, 'document');
  } catch (error) {
    return (error as OutboardError).message;
  }
  return assert.fail('it was read');
}

describe('object()', () => {
  test('has the zero value of every field where a document has none', () => {
    const nothing = { zeta: null, alpha: 0, items: [] };
    for (const document of [undefined, null, {}, { Zeta: null, Alpha: null, Label: '', Items: null }]) {
      assert.deepEqual(tableCodec.decode(document), nothing);
    }
    assert.equal(JSON.stringify(tableCodec.encode(nothing)), '{"Zeta":null,"Items":[]}');
  });

  test('writes fields in the order of its rows, whatever the order of the value', () => {
    const value = { items: [{ note: null, name: 'a' }], label: 'l', alpha: 1, zeta: [] };
    const text = '{"Zeta":[],"Alpha":1,"Label":"l","Items":[{"Name":"a","Note":null}]}';
    assert.equal(JSON.stringify(tableCodec.encode(value)), text);
    assert.deepEqual(tableCodec.decode(JSON.parse(text)), value);
  });

  test('leaves out unknown fields, and those that something else reads', () => {
    assert.deepEqual(tableCodec.decode({ Extra: { any: 'thing' }, Other: 1 }), tableCodec.decode({}));
    const value = { zeta: [], alpha: 0, items: [], extra: 'of another document' };
    assert.deepEqual(tableCodec.encode(value), { Zeta: [], Items: [] });
  });
});

test('mapOf() keeps any keys, and names the one whose value it refuses', () => {
  const mapCodec = codec.mapOf(codec.text);
  const map = mapCodec.decode(JSON.parse('{"__proto__":"a","":null}'));
  assert.deepEqual(map, new Map(Object.entries({ ['__proto__']: 'a', '': '' })));
  assert.equal(JSON.stringify(mapCodec.encode(map)), '{"__proto__":"a","":""}');
  assert.equal(refusalOf(mapCodec, { a: 1 }), 'document: "a": expected a string or null, got 1');
  assert.equal(refusalOf(mapCodec, ['a']), 'document: expected an object, got ["a"]');
});

describe('a file format', () => {
  const formatCodec = codec.exact(
    codec.object({
      version: codec.constantField('Version', 1),
      note: codec.fieldOrNull('Note', codec.requiredText),
      at: codec.field('At', codec.instant),
    }),
  );
  const at = new Date('2026-08-01T12:00:00.123Z');

  for (const [value, text] of [
    [{ at }, '{"Version":1,"Note":null,"At":"2026-08-01T12:00:00.123Z"}'],
    [{ note: '', at }, '{"Version":1,"Note":"","At":"2026-08-01T12:00:00.123Z"}'],
  ] as const) {
    test(`has its version, and null for an absent property: ${text}`, () => {
      assert.equal(JSON.stringify(formatCodec.encode(value)), text);
      assert.deepEqual(formatCodec.decode(JSON.parse(text)), value);
    });
  }

  for (const [document, message] of [
    [{ At: at.toISOString() }, 'document: "Version": expected 1, got nothing'],
    [{ Version: 2, At: at.toISOString() }, 'document: "Version": expected 1, got 2'],
    [
      { Version: 1, At: at.toISOString(), Other: 1 },
      'document: expected no field "Other", got {"Version":1,"At":"2026-08-01T12:00:00.123Z","Other":1}',
    ],
    ...['yesterday', '2026-02-30T12:00:00.000Z', '2026-08-01', '2026-08-01T14:00:00.123+02:00'].map(
      (text) =>
        [
          { Version: 1, At: text },
          `document: "At": expected an instant of the form 2006-01-02T15:04:05.000Z, got "${text}"`,
        ] as const,
    ),
  ] as const) {
    test(`is refused with the reason: ${message}`, () =>
      assert.equal(refusalOf(formatCodec, document), message));
  }
});

describe('decodeDocument()', () => {
  for (const [document, message] of [
    [[], 'document: expected an object or null, got []'],
    [{ Zeta: 'a' }, 'document: "Zeta": expected an array or null, got "a"'],
    [{ Zeta: ['a', 1] }, 'document: "Zeta[1]": expected a string or null, got 1'],
    [{ Alpha: 10 }, 'document: "Alpha": expected a whole number from 0 to 9, got 10'],
    [{ Alpha: 0.5 }, 'document: "Alpha": expected a whole number from 0 to 9, got 0.5'],
    [{ Items: [{ Name: 'a' }, {}] }, 'document: "Items[1].Name": expected a string, got nothing'],
    [{ Items: [true] }, 'document: "Items[0]": expected an object or null, got true'],
  ] as const) {
    test(`refuses ${JSON.stringify(document)} with the path of the value`, () =>
      assert.equal(refusalOf(tableCodec, document), message));
  }

  for (const [name, of, value, expected] of [
    ['flag', codec.flag, 0, 'true, false or null'],
    ['finiteNumber', codec.finiteNumber, Number.NaN, 'a number'],
    ['oneOf', codec.oneOf('a', 'b'), 'c', '"a" or "b"'],
    ['constant', codec.constant(1), 2, '1'],
    ['textLike', codec.textLike(/^a$/, ['a']), 'b', 'text of the form /^a$/'],
    ['nonEmptyText', codec.nonEmptyText, '', 'text that is not empty'],
    ['digest', codec.digest, 'sha256:1', 'sha256: and 64 lower-case hex digits'],
    ['required', codec.required(itemCodec), null, 'an object'],
  ] as const) {
    test(`names what ${name} expects`, () => {
      assert.ok(refusalOf(of, value).startsWith(`document: expected ${expected}, got `));
    });
  }
});

test('namedAsInMemory() reads the properties of a value, at every depth', () => {
  const nested = codec.object({ outer: codec.field('Outer', itemCodec) });
  const value = { outer: { name: 'a', note: null } };
  assert.deepEqual(codec.namedAsInMemory(nested).decode(value), value);
  assert.deepEqual(codec.namedAsInMemory(nested).encode(value), value);
});
