import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseApiVersion } from './api-version.ts';

describe('chooseApiVersion()', () => {
  for (const [name, facts, expected] of [
    ['a daemon of the same age', { offered: '1.51' }, '1.51'],
    ['an older daemon', { offered: '1.41' }, '1.41'],
    ['a newer daemon', { offered: '1.56' }, '1.51'],
    ['a version with two-digit minor', { offered: '1.100' }, '1.51'],
    ['a version that the user fixed', { fixed: '1.30', offered: '1.51' }, '1.30'],
  ] as const) {
    test(`chooses a version for ${name}`, () => assert.equal(chooseApiVersion(facts), expected));
  }

  test('refuses a daemon without plugins or without a version', () => {
    const message = /plugins need API version 1\.25, but the daemon's API version is 1\.24/;
    assert.throws(() => chooseApiVersion({ offered: '1.24' }), message);
    assert.throws(() => chooseApiVersion({}), message);
  });

  test('refuses a malformed version', () => {
    for (const offered of ['1', 'v1.41', '1.41/../..', '']) {
      assert.throws(() => chooseApiVersion({ offered }), /invalid API version/);
    }
  });
});
