import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withFieldNames } from './field-names.ts';

describe('withFieldNames()', () => {
  it('R28 accepts one spelling per field, in any case', () => {
    const renamed = withFieldNames({ MEDIATYPE: 'm', Size: 1, other: 2 }, ['mediaType', 'size']);
    assert.deepEqual({ ...(renamed as object) }, { mediaType: 'm', size: 1 });
  });

  it('R28 refuses two spellings of one field', () => {
    assert.throws(() => withFieldNames({ size: 1, Size: 2 }, ['size']), {
      kind: 'invalid',
      message: /ambiguous field "size"/,
    });
  });

  it('R29 takes no field from a prototype', () => {
    const inherited: unknown = Object.create({ size: 1 });
    assert.deepEqual(Object.keys(withFieldNames(inherited, ['size', 'toString']) as object), []);
  });

  it('leaves what is no object to the schema that follows', () => {
    for (const value of [null, 1, 'text', true]) assert.equal(withFieldNames(value, ['size']), value);
    const array = [1];
    assert.equal(withFieldNames(array, ['size']), array);
  });
});
