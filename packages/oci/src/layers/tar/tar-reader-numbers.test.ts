import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  assertRefused,
  endMarker,
  type RawHeader,
  rawEntry,
  rawHeader,
  rawPax,
  readOnly,
} from '../../testing/raw-archive.ts';

const entry = rawEntry({ name: 'next' }, 'content');
const maxBase256 = '\x80'.padEnd(8, '\xff');

describe('createTarReader() on numbers', () => {
  const refused: readonly (readonly [string, RawHeader, RegExp])[] = [
    ['a negative size', { size: '\xff'.repeat(12) }, /size -1 is out of range/],
    ['the most negative size', { size: '\xc0'.padEnd(12, '\0') }, /size -\S+ is out of range/],
    ['a size beyond 2^53', { size: '\x80\0\0\0\0\x20'.padEnd(12, '\0') }, /size \S+ is out of range/],
    [
      'a size that is not octal',
      { size: '00000000008\0' },
      /size "00000000008\\u0000" is not an octal number/,
    ],
    ['a size with a sign', { size: '-0000000001\0' }, /is not an octal number/],
    ['a size in hexadecimal', { size: '0x000000010\0' }, /is not an octal number/],
    ['a size of spaces', { size: ' '.repeat(12) }, /is not an octal number/],
    ['digits after the end of a size', { size: '0001 00001\0' }, /is not an octal number/],
    ['a negative uid', { uid: '\xff'.repeat(8) }, /uid -1 is out of range/],
    ['a uid beyond 32 bits', { uid: maxBase256 }, /uid \S+ is out of range/],
    ['the uid that names nobody', { uid: '\x80\0\0\0\xff\xff\xff\xff' }, /uid 4294967295 is out of range/],
    ['a huge gid', { gid: maxBase256 }, /gid \S+ is out of range/],
    ['a mode that is not octal', { mode: 'rwxr-xr-' }, /mode "rwxr-xr-" is not/],
    [
      'a device number beyond 12 bits',
      { typeflag: '3', deviceMajor: 0o10000 },
      /device major 4096 is out of range/,
    ],
    [
      'a device number beyond 20 bits',
      { typeflag: '4', deviceMinor: 0o4000000 },
      /device minor 1048576 is out/,
    ],
    ['a wrong checksum', { checksum: 1 }, /header checksum is 1, its bytes sum up to/],
    ['an empty checksum', { checksum: '\0'.repeat(8) }, /header checksum is 0/],
  ];
  for (const [what, fields, message] of refused) {
    test(`A33 refuses ${what}`, () => assertRefused(Buffer.concat([rawHeader(fields), endMarker]), message));
  }

  test('A33 refuses PAX numbers that are negative, too large or malformed', () => {
    for (const value of [
      '-1',
      '1.5',
      '0x10',
      '1e3',
      'abc',
      ' 1',
      '1 ',
      '9007199254740992',
      '9'.repeat(400),
    ]) {
      assertRefused(Buffer.concat([rawPax({ size: value }), entry]), /pax size/);
      assertRefused(Buffer.concat([rawPax({ uid: value }), entry]), /pax uid/);
    }
    for (const value of ['abc', '1e9', '1.2.3', 'Infinity', '--1']) {
      assertRefused(Buffer.concat([rawPax({ mtime: value }), entry]), /pax mtime/);
    }
  });

  test('A33 clamps times to the range of file systems', () => {
    assert.equal(readOnly(rawHeader({ mtime: '\xff'.repeat(12) })).modifiedAt, 0);
    assert.equal(readOnly(rawHeader({ mtime: '\x80'.padEnd(12, '\xff') })).modifiedAt, 9_223_372_036);
    assert.equal(readOnly(rawPax({ mtime: '-5.5' }), rawHeader()).modifiedAt, 0);
    assert.equal(readOnly(rawPax({ mtime: '9'.repeat(60) }), rawHeader()).modifiedAt, 9_223_372_036);
  });

  test('reads the number formats of known writers', () => {
    assert.equal(readOnly(rawHeader({ uid: '    144 ' })).uid, 100);
    assert.equal(readOnly(rawHeader({ uid: '000144 \0' })).uid, 100);
    assert.equal(readOnly(rawHeader({ uid: '00000144' })).uid, 100);
    assert.equal(readOnly(rawHeader({ uid: '\0'.repeat(8) })).uid, 0);
    assert.equal(readOnly(rawHeader({ uid: '\x80\0\0\0\x7f\xff\xff\xff' })).uid, 0x7fffffff);
    assert.equal(readOnly(rawPax({ uid: '3000000000' }), rawHeader()).uid, 3_000_000_000);
  });

  test('accepts checksums over signed bytes', () => {
    const block = rawHeader({ name: 'caf\xe9' });
    const unsigned = Number.parseInt(block.toString('latin1', 148, 155), 8);
    const signed = rawHeader({ name: 'caf\xe9', checksum: unsigned - 256 });
    assert.equal(readOnly(signed).name.toString('latin1'), 'caf\xe9');
  });
});
