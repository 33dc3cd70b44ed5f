import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isOutboardError } from '../../errors/outboard-error.ts';
import { cleanEntryName } from './path.ts';

function clean(name: string, isDirectory = false): string {
  return cleanEntryName(Buffer.from(name, 'latin1'), isDirectory).toString('latin1');
}

describe('cleanEntryName()', () => {
  for (const name of [
    '..',
    '../x',
    '/..',
    './..',
    'a/..',
    'a/../b',
    'a/../../x',
    'a//../b',
    '../',
    './/../x',
  ]) {
    test(`A01 refuses ${JSON.stringify(name)}`, () => {
      for (const isDirectory of [false, true]) {
        assert.throws(
          () => clean(name, isDirectory),
          (error) => isOutboardError(error, 'invalid') && error.message.includes('has a ".." component'),
        );
      }
    });
  }

  const cleaned: readonly (readonly [string, string])[] = [
    ['/etc/x', 'etc/x'],
    ['////etc/x', 'etc/x'],
    ['/./etc/x', 'etc/x'],
    ['./a', 'a'],
    ['././a/./b/.', 'a/b'],
    ['a//b', 'a/b'],
    ['a/b/', 'a/b'],
    ['a', 'a'],
    ['...', '...'],
    ['.a/..b/c..', '.a/..b/c..'],
    ['a/.../b', 'a/.../b'],
    [' ', ' '],
    ['\xff\n', '\xff\n'],
  ];
  for (const [name, expected] of cleaned) {
    test(`A02 cleans ${JSON.stringify(name)} to ${JSON.stringify(expected)}`, () => {
      assert.equal(clean(name), expected);
      assert.equal(clean(name, true), expected);
    });
  }

  test('A15 accepts the root for a directory only', () => {
    for (const name of ['', '.', '/', './', '//', '/.', './.']) {
      assert.equal(clean(name, true), '');
      assert.throws(
        () => clean(name),
        (error) => isOutboardError(error, 'invalid') && error.message.includes('names the root directory'),
      );
    }
  });

  test('A37 accepts 255 components and refuses 256, in any notation', () => {
    for (const name of ['d/'.repeat(255), './/d'.repeat(255), `/${'d/./'.repeat(255)}`]) {
      assert.equal(clean(name).split('/').length, 255);
    }
    for (const name of ['d/'.repeat(256), './/d'.repeat(256)]) {
      assert.throws(() => clean(name), {
        code: 'too-deep',
        message: /^archive entry ".*"… has 256 path components, the limit is 255$/,
      });
    }
  });

  test('never returns an empty, "." or ".." component, and is idempotent', () => {
    const name = fc.array(fc.constantFrom('.', '..', '/', 'a', '\xff', ' '), { maxLength: 12 });
    fc.assert(
      fc.property(name, (parts) => {
        const raw = Buffer.from(parts.join(''), 'latin1');
        const expected = raw
          .toString('latin1')
          .split('/')
          .filter((part) => part !== '' && part !== '.');
        if (expected.includes('..')) {
          assert.throws(() => cleanEntryName(raw, true));
          return;
        }
        const result = cleanEntryName(raw, true);
        assert.equal(result.toString('latin1'), expected.join('/'));
        assert.deepEqual(cleanEntryName(result, true), result);
      }),
      { numRuns: 5000 },
    );
  });
});
