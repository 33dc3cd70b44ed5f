import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isOutboardError } from '../errors/outboard-error.ts';
import { foldFieldName } from './field-names.ts';
import { parseStrictJson } from './strict-json.ts';

const maxBytes = 1 << 20;

function parse(text: string | Uint8Array): unknown {
  return parseStrictJson(typeof text === 'string' ? Buffer.from(text) : text, {
    maxBytes,
    subject: 'config',
  });
}

function refuses(text: string | Uint8Array, message: RegExp): void {
  assert.throws(
    () => parse(text),
    (error) =>
      isOutboardError(error, 'invalid') && message.test(error.message) && !error.message.includes('\n'),
  );
}

/** The same value with ordinary prototypes, to compare with what `JSON.parse` gives. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const texts = fc
  .string({
    unit: fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      fc.constantFrom('"', '\\', '\n'),
    ),
  })
  .filter((text) => !text.includes('\0'));
const numbers = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, noNaN: true }),
);
const names = fc.oneof(texts, fc.constantFrom('a', 'A', 'Labels', '__proto__', 'toString'));

/** Values in which no strict rule finds fault: names that differ by more than case, numbers and texts in bounds. */
const unambiguousDocuments = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(texts, numbers, fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(names, tie('value')), { maxLength: 4, selector: ([name]) => foldFieldName(name) })
      .map((fields) => Object.fromEntries(fields)),
  ),
})).value;

describe('parseStrictJson()', () => {
  it('reads what JSON.parse reads in every document that is not ambiguous', () => {
    fc.assert(
      fc.property(unambiguousDocuments, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        assert.deepEqual(plain(parse(text)), JSON.parse(text));
      }),
      { numRuns: 400 },
    );
  });

  it('refuses whatever JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '"a"',
      '\\',
      '\\u00',
      '1',
      '-',
      '.',
      'e',
      '0',
      'true',
      'nul',
      ' ',
      '\u00a0',
      '\n',
      "'",
      '//',
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
        (text) => {
          let accepted = true;
          try {
            JSON.parse(text);
          } catch {
            accepted = false; // the answer this test asks for
          }
          if (!accepted) refuses(text, /invalid config/);
        },
      ),
      { numRuns: 2000 },
    );
  });

  for (const [name, text] of [
    ['twice', '{"a":1,"a":2}'],
    ['twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['but for case', '{"Linux":{},"linux":{}}'],
    ['but for the long s (U+017F)', '{"Settable":[],"\u017fettable":["value"]}'],
    ['but for the Kelvin sign (U+212A)', '{"Kind":1,"\u212aind":2}'],
    ['deep inside', '{"Linux":[{"Devices":{"Path":"/dev/a","PATH":"/dev/b"}}]}'],
    ['twice among annotations', '{"annotations":{"k":"1","k":"2"}}'],
  ] as const) {
    it(`R28 refuses a name written ${name}`, () => {
      refuses(text, /ambiguous/);
    });
  }

  it('R28 names the field that is ambiguous', () => {
    refuses(
      '{"Linux":{"Devices":[{"Path":1},{"Path":1,"path":2}]}}',
      /at \.Linux\.Devices\[1\]\.path: ambiguous/,
    );
  });

  it('R28 keeps keys of annotations and labels that differ in case', () => {
    assert.deepEqual(plain(parse('{"annotations":{"K":"1","k":"2"},"Labels":{"A":"","a":""}}')), {
      annotations: { K: '1', k: '2' },
      Labels: { A: '', a: '' },
    });
  });

  for (const [name, bytes, message] of [
    ['a byte order mark', Buffer.from('\ufeff{}'), /want a value/],
    ['trailing data', Buffer.from('{} {}'), /data follows/],
    ['a trailing comma', Buffer.from('[1,]'), /want a value/],
    ['an empty document', Buffer.alloc(0), /want a value/],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), /not valid UTF-8/],
    ['overlong UTF-8', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), /not valid UTF-8/],
    ['UTF-16', Buffer.from('{}', 'utf16le'), /want/],
  ] as const) {
    it(`R28 refuses ${name}`, () => {
      refuses(bytes, message);
    });
  }

  it('R29 keeps names of Object.prototype as plain own fields', () => {
    const value = parse('{"__proto__":{"polluted":1},"constructor":2,"toString":3}') as Record<
      string,
      unknown
    >;
    assert.equal(Object.getPrototypeOf(value), null);
    assert.deepEqual(Object.keys(value), ['__proto__', 'constructor', 'toString']);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.equal(value.hasOwnProperty, undefined);
  });

  it('R30 reads 64 levels and refuses the 65th', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    assert.ok(Array.isArray(parse(nested(64))));
    refuses(nested(65), /nested deeper than 64 levels/);
    refuses(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, /nested deeper than 64 levels/);
  });

  it('R30 refuses 200000 levels without a stack overflow', () => {
    refuses('['.repeat(200_000), /nested deeper than 64 levels/);
    refuses('{"a":'.repeat(200_000), /nested deeper than 64 levels/);
  });

  for (const text of ['1e400', '-1e400', '12345678901234567890', '9007199254740992', '1'.repeat(1_000_000)]) {
    it(`R31 refuses the number ${text.slice(0, 24)}`, () => {
      refuses(`{"size":${text}}`, /at \.size: number .{1,64} is outside the safe integers/);
    });
  }

  it('R31 reads the safe integers, and -0 as 0', () => {
    assert.deepEqual(parse('[9007199254740991,-9007199254740991,0,1.5,1e2]'), [
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
      0,
      1.5,
      100,
    ]);
    assert.ok(Object.is(parse('-0'), 0));
  });

  for (const [name, text, message] of [
    ['NUL', '"a\\u0000"', /NUL/],
    ['NUL in a name', '{"a\\u0000":1}', /NUL/],
    ['a bare control character', '"a\u0001"', /control character/],
    ['a high surrogate alone', '"\\ud800"', /surrogate/],
    ['a low surrogate alone', '"\\udc00x"', /surrogate/],
    ['an unknown escape', '"\\x41"', /escape/],
  ] as const) {
    it(`R31 refuses ${name} in a string`, () => {
      refuses(text, message);
    });
  }

  it('R31 reads escaped pairs and astral characters', () => {
    assert.equal(parse('"\\ud83d\\udc33 🐳 \\"\\\\\\/\\n"'), '🐳 🐳 "\\/\n');
  });

  it('refuses a document beyond its bound before it is read', () => {
    assert.throws(() => parseStrictJson(Buffer.from('[1,2]'), { maxBytes: 4 }), { kind: 'invalid' });
    assert.deepEqual(parseStrictJson(Buffer.from('[1,2]'), { maxBytes: 5 }), [1, 2]);
  });

  const count = (length: number, piece: (index: number) => string) =>
    Array.from({ length }, (_, index) => piece(index)).join(',');
  for (const [name, text, message] of [
    [
      'members of an object',
      `{"a":{${count(4097, (index) => `"${index}":1`)}}}`,
      /at \.a: an object has more than 4096 members/,
    ],
    [
      'elements of an array',
      `{"a":[${count(16_385, () => '1')}]}`,
      /at \.a: an array has more than 16384 elements/,
    ],
    [
      'values',
      `[${count(30, () => `{${count(3400, (index) => `"${index}":1`)}}`)}]`,
      /more than 32768 values/,
    ],
    ['characters of a name', `{"${'x'.repeat(4097)}":1}`, /more than 4096 characters/],
    [
      'characters of a string',
      `{"a":"${'x'.repeat(1024 * 1024 + 1)}"}`,
      /at \.a: a string has more than 1048576 characters/,
    ],
  ] as const) {
    it(`bounds the ${name}`, () => {
      assert.throws(() => parseStrictJson(Buffer.from(text), { maxBytes: 4 * 1024 * 1024 }), {
        kind: 'invalid',
        message,
      });
    });
  }

  it('reads as many of each as the bounds say', () => {
    const text = `{"a":{${count(4096, (index) => `"${index}":1`)}},"b":[${count(16_384, () => '1')}],"c":"${'x'.repeat(1024 * 1024)}"}`;
    assert.ok(parseStrictJson(Buffer.from(text), { maxBytes: 4 * 1024 * 1024 }));
  });

  it('shows a hostile name escaped and cut', () => {
    refuses(
      `{"\\u001b[31m${'x'.repeat(4000)}":nope}`,
      /^invalid config at \["\\u001b\[31mx{0,64}"\]: want a value/,
    );
  });
});

describe('foldFieldName()', () => {
  it('folds as Go does', () => {
    for (const spelling of ['DISK', 'disk', 'di\u017fk', 'dis\u212a'])
      assert.equal(foldFieldName(spelling), 'disk');
    assert.notEqual(foldFieldName('disk_'), 'disk');
  });
});
