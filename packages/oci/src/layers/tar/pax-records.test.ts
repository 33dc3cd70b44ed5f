import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isOutboardError } from '../../errors/outboard-error.ts';
import { rawRecord } from '../../testing/raw-archive.ts';
import { parsePaxAttributes, parsePaxRecords } from './pax-records.ts';

const limits = { maxPaxRecords: 100, maxXattrBytes: 1024 };

function attributes(...records: Buffer[]) {
  return parsePaxAttributes(Buffer.concat(records), limits);
}

function refusal(message: RegExp) {
  return (error: unknown) => isOutboardError(error, 'invalid') && message.test(error.message);
}

describe('parsePaxRecords()', () => {
  test('splits records with arbitrary values', () => {
    const records = [rawRecord('a', 'x=y\n3 z=\n'), rawRecord('comment', ''), rawRecord('__proto__', 'p')];
    assert.deepEqual(
      [...parsePaxRecords(Buffer.concat(records), 10)].map(([keyword, value]) => [keyword, value.toString()]),
      [
        ['a', 'x=y\n3 z=\n'],
        ['comment', ''],
        ['__proto__', 'p'],
      ],
    );
    assert.equal(parsePaxRecords(Buffer.alloc(0), 10).size, 0);
  });

  const malformed: readonly (readonly [string, string])[] = [
    ['no "="', '8 path\n\n'],
    ['an "=" in the next record only', '7 path\n8 path=\n'],
    ['no keyword', '5 =x\n'],
    ['no newline', '8 path=x'],
    ['a length that is too short', '5 path=x\n'],
    ['a length that is too long', '99 path=x\n'],
    ['a length of 0', '0 path=x\n'],
    ['a negative length', '-9 path=x\n'],
    ['a length with leading space', ' 9 path=x\n'],
    ['a hexadecimal length', '0x9 path=x\n'],
    ['a length that is too large to be one', '999999999999 path=x\n'],
    ['no length', ' path=x\n'],
    ['no space', '9path=x\n'],
    ['trailing bytes', '9 path=x\n\0\0'],
    ['a NUL in the keyword', '8 a\0b=x\n'],
  ];
  for (const [what, text] of malformed) {
    test(`A30 refuses ${what}`, () => {
      assert.throws(() => parsePaxRecords(Buffer.from(text), 10), refusal(/malformed tar archive: pax/));
    });
  }
});

describe('parsePaxAttributes()', () => {
  test('A30 uses the last record of a keyword, and bounds the records, not the keywords', () => {
    const [first, second] = [rawRecord('path', 'x'), rawRecord('path', 'y')];
    assert.equal(attributes(first, second).path?.toString(), 'y');
    assert.throws(() => attributes(...Array(101).fill(first)), refusal(/more than 100 records/));
  });

  test('A30 ignores an empty value, except of an extended attribute', () => {
    const keywords = ['path', 'linkpath', 'size', 'uid', 'gid', 'mtime'];
    for (const empty of [keywords, [...keywords, ...keywords]]) {
      const { xattrs, ...rest } = attributes(...empty.map((keyword) => rawRecord(keyword, '')));
      assert.ok(Object.values(rest).every((value) => value === undefined));
      assert.equal(xattrs, undefined);
    }
    assert.equal(attributes(rawRecord('path', 'x'), rawRecord('path', '')).path, undefined);
    assert.deepEqual(
      [...(attributes(rawRecord('SCHILY.xattr.user.a', '')).xattrs ?? [])],
      [['user.a', Buffer.alloc(0)]],
    );
    assert.throws(() => attributes(rawRecord('GNU.sparse.map', '')), refusal(/sparse not supported/));
  });

  test('A30 refuses paths with a NUL', () => {
    for (const keyword of ['path', 'linkpath']) {
      assert.throws(() => attributes(rawRecord(keyword, 'a\0b')), refusal(/holds a NUL/));
    }
  });

  test('A30 treats "__proto__" as any other unknown keyword', () => {
    const { xattrs, ...rest } = attributes(
      rawRecord('__proto__', 'x'),
      rawRecord('SCHILY.xattr.__proto__', 'y'),
    );
    assert.deepEqual([...(xattrs ?? [])], [['__proto__', Buffer.from('y')]]);
    assert.ok(Object.values(rest).every((value) => value === undefined));
    assert.equal(({} as { x?: unknown }).x, undefined);
  });

  test('reads extended attributes of GNU tar and libarchive, and prefers the unencoded form', () => {
    const raw = rawRecord('SCHILY.xattr.user.a', Buffer.from([1, 0, 0x80]));
    const encoded = rawRecord('LIBARCHIVE.xattr.user%2Ea', 'Ymlu');
    assert.deepEqual(attributes(raw, encoded).xattrs?.get('user.a'), Buffer.from([1, 0, 0x80]));
    assert.deepEqual(attributes(encoded, raw).xattrs?.get('user.a'), Buffer.from([1, 0, 0x80]));
    assert.deepEqual(attributes(encoded).xattrs?.get('user.a'), Buffer.from('bin'));
    assert.equal(attributes(raw, encoded).xattrs?.size, 1);
  });

  test('refuses extended attributes with a malformed name or encoding', () => {
    for (const name of ['', 'a\xff', 'n'.repeat(256)]) {
      const length = 2 + 1 + 'SCHILY.xattr.'.length + Buffer.byteLength(name, 'latin1') + 2;
      const record = Buffer.from(`${length > 99 ? length + 1 : length} SCHILY.xattr.${name}=\n`, 'latin1');
      assert.throws(() => attributes(record), refusal(/attribute name/), JSON.stringify(name));
    }
    assert.throws(() => attributes(rawRecord('LIBARCHIVE.xattr.a%0', '')), refusal(/percent-encoded/));
    assert.throws(() => attributes(rawRecord('LIBARCHIVE.xattr.a', '!')), refusal(/base64/));
    assert.throws(() => attributes(rawRecord('LIBARCHIVE.xattr.a%00', '')), refusal(/attribute name/));
  });

  test('returns copies, not views', () => {
    const bytes = Buffer.concat([rawRecord('path', 'name'), rawRecord('SCHILY.xattr.user.a', 'value')]);
    const { path, xattrs } = parsePaxAttributes(bytes, limits);
    bytes.fill(0);
    assert.deepEqual([path?.toString(), xattrs?.get('user.a')?.toString()], ['name', 'value']);
  });
});
