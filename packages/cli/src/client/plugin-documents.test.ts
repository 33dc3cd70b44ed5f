import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePrivileges } from './plugin-documents.ts';

describe('parsePrivileges()', () => {
  test('reads null as no privileges, as Docker sends it', () => assert.deepEqual(parsePrivileges(null), []));

  test('refuses malformed privileges, which could not be shown for consent', () => {
    for (const value of [
      {},
      'x',
      [null],
      [{ Name: 1 }],
      [{ Name: 'mount', Value: ['/', 1] }],
      [{ Name: 'a', Value: {} }],
    ]) {
      assert.throws(() => parsePrivileges(value), /is not a/);
    }
  });
});
