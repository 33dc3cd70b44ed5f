import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { encodePrintableJson, escapeLines, escapeText } from './escape-text.ts';

const hostile: readonly (readonly [string, string, string])[] = [
  ['a newline', 'a\nb', 'a\\x0ab'],
  ['a terminal control', '\u001b[2Jx', '\\x1b[2Jx'],
  ['an eight-bit terminal control', '\u009b2J', '\\x9b2J'],
  ['delete', '\u007f', '\\x7f'],
  ['text turned around', 'mount\u202etxt', 'mount\\u{202e}txt'],
  ['an isolate', '\u2066x', '\\u{2066}x'],
  ['a zero-width space', 'a\u200bb', 'a\\u{200b}b'],
  ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
  ['a filler', 'a\u3164b', 'a\\u{3164}b'],
  ['a tag character', 'a\u{e0041}', 'a\\u{e0041}'],
  ['half of a pair', 'a\ud800', 'a\\u{d800}'],
];

describe('escapeText()', () => {
  for (const [name, text, expected] of hostile) {
    test(`D15 escapes ${name}`, () => assert.equal(escapeText(text), expected));
  }

  test('leaves ordinary text unchanged', () => {
    const text = 'Größe: 日本語 🙂 [a] "b" \\x';
    assert.equal(escapeText(text), text);
  });

  test('D15 truncates a line of a megabyte', () => {
    assert.equal(escapeText('x'.repeat(1024 * 1024)).length, 4097);
  });

  test('D15 escapes every control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(escapeText(text), /[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });
});

test('escapeLines() keeps line ends', () => {
  assert.equal(escapeLines('a\u0007\nb\r'), 'a\\x07\nb\\x0d');
});

describe('encodePrintableJson()', () => {
  test('D15 encodes an equal value without hidden characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const encoded = encodePrintableJson({ [text]: [text] }, 2);
        assert.deepEqual(JSON.parse(encoded), { [text]: [text] });
        assert.doesNotMatch(encoded.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
      }),
    );
  });
});
