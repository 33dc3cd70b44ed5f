import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkApiVersion, compareVersions } from './api-version.ts';

for (const version of ['1.25', '1.25.3', '1.41', '1.51', '1.051']) {
  test(`checkApiVersion() accepts ${version}`, () => checkApiVersion(version));
}

const refused: readonly [version: string, message: string][] = [
  ['1.99', 'client version 1.99 is too new. Maximum supported API version is 1.51'],
  ['2', 'client version 2 is too new. Maximum supported API version is 1.51'],
  ['1.51.1', 'client version 1.51.1 is too new. Maximum supported API version is 1.51'],
  [
    '1.11',
    'client version 1.11 is too old. Minimum supported API version is 1.25, please upgrade your client to a newer version',
  ],
];
for (const [version, message] of refused) {
  test(`checkApiVersion() refuses ${version} with the error text of Docker`, () => {
    assert.throws(() => checkApiVersion(version), { status: 400, message });
  });
}

test('compareVersions() compares numerically', () => {
  assert.ok(compareVersions('1.9', '1.25') < 0);
  assert.equal(compareVersions('1.25.0', '1.25'), 0);
  assert.ok(compareVersions('..', '1.25') < 0);
});
