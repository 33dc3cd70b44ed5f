import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldFieldName, spellingsOf, withFieldNames } from './field-names.ts';

describe('withFieldNames()', () => {
  it('R28 accepts one spelling per field, in any case', () => {
    const renamed = withFieldNames({ MEDIATYPE: 'm', Size: 1, other: 2 }, spellingsOf(['mediaType', 'size']));
    assert.deepEqual({ ...(renamed as object) }, { mediaType: 'm', size: 1 });
  });

  it('R28 refuses two spellings of one field', () => {
    assert.throws(() => withFieldNames({ size: 1, Size: 2 }, spellingsOf(['size'])), {
      kind: 'invalid',
      message: /ambiguous field "size"/,
    });
  });

  it('R29 takes no field from a prototype', () => {
    const inherited: unknown = Object.create({ size: 1 });
    assert.deepEqual(Object.keys(withFieldNames(inherited, spellingsOf(['size', 'toString'])) as object), []);
  });

  it('leaves what is no object to the schema that follows', () => {
    for (const value of [null, 1, 'text', true])
      assert.equal(withFieldNames(value, spellingsOf(['size'])), value);
    const array = [1];
    assert.equal(withFieldNames(array, spellingsOf(['size'])), array);
  });

  it('refuses a name that only a Go decoder takes for a field', () => {
    assert.throws(() => withFieldNames({ 'layer\u017f': [] }, spellingsOf(['layers'])), {
      kind: 'invalid',
      message: 'ambiguous field "layer\\u017f": some decoders read it as "layers"; want "layers"',
    });
  });

  for (const written of ['con\ufb01g', 'conf\u0131g', 'conf\u0130g']) {
    it(`leaves out ${written}, which no decoder takes for "config"`, () => {
      assert.deepEqual(Object.keys(withFieldNames({ [written]: 1 }, spellingsOf(['config'])) as object), []);
    });
  }
});

describe('foldFieldName()', () => {
  it('takes a character for a letter where simple case folding does, and nowhere else', () => {
    const folds: string[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCodePoint(code);
      const isLetter = /^[a-z]$/iu.test(character); // with these flags a regular expression folds as Unicode says
      assert.equal(/^[a-z]$/.test(foldFieldName(character)), isLetter, code.toString(16));
      if (isLetter && code > 0x7f) folds.push(character);
    }
    assert.deepEqual(folds, ['\u017f', '\u212a']);
  });
});
