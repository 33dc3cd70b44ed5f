import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { escapeHidden, escapeHiddenInLines, hasHiddenCharacters } from './hidden-characters.ts';
import { OutboardError } from './outboard-error.ts';

const hiddenCharacters: readonly (readonly [string, string])[] = [
  ['escape', '\u001b'],
  ['line feed', '\n'],
  ['delete', '\u007f'],
  ['C1 control sequence introducer', '\u009b'],
  ['soft hyphen', '\u00ad'],
  ['combining grapheme joiner', '\u034f'],
  ['Arabic letter mark', '\u061c'],
  ['Hangul filler', '\u3164'],
  ['zero-width space', '\u200b'],
  ['right-to-left override', '\u202e'],
  ['line separator', '\u2028'],
  ['paragraph separator', '\u2029'],
  ['first strong isolate', '\u2068'],
  ['variation selector', '\ufe0f'],
  ['byte order mark', '\ufeff'],
  ['tag letter', '\u{e0061}'],
  ['half of a surrogate pair', '\ud800'],
];

describe('hidden characters', () => {
  for (const [name, character] of hiddenCharacters) {
    test(`escapeHidden() shows a ${name}`, () => {
      const text = `/a${character}b`;
      assert.equal(hasHiddenCharacters(text), true);
      assert.match(escapeHidden(text), /^\/a(?:\\u[0-9a-f]{4})+b$/);
      assert.equal(JSON.parse(`"${escapeHidden(text)}"`), text);
    });
  }

  test('escapeHidden() leaves what can be seen, in any script', () => {
    for (const text of ['/var/lib/x', 'größe', '数据', 'данные', 'שלום', 'a b', '𐍈']) {
      assert.equal(hasHiddenCharacters(text), false, text);
      assert.equal(escapeHidden(text), text);
    }
  });

  test('escapeHiddenInLines() keeps lines and tabs, and escapes all else', () => {
    assert.equal(escapeHiddenInLines('a\n\tb\u202ec\r'), 'a\n\tb\\u202ec\\u000d');
  });

  test('the message of an error never holds a hidden character but line feeds and tabs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { message } = new OutboardError('invalid', `invalid value ${text}`);
        assert.equal(hasHiddenCharacters(message.replace(/[\n\t]/g, '')), false);
      }),
    );
  });
});
