import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matchingKeys, parseRegistryName, storedKey } from './registry-name.ts';

describe('parseRegistryName()', () => {
  for (const [text, expected] of [
    ['', { domain: 'docker.io' }],
    ['index.docker.io', { domain: 'docker.io' }],
    ['https://index.docker.io/v1/', { domain: 'docker.io' }],
    ['reg.example:5000', { domain: 'reg.example:5000' }],
    ['http://reg.example/v2/', { domain: 'reg.example' }],
    ['reg.example/', { domain: 'reg.example' }],
    ['[::1]:5000', { domain: '[::1]:5000' }],
    ['reg.example/acme/team', { domain: 'reg.example', path: 'acme/team' }],
    ['docker.io/acme', { domain: 'docker.io', path: 'acme' }],
  ] as const) {
    test(`reads "${text}"`, () => assert.deepEqual(parseRegistryName(text), expected));
  }

  for (const text of [
    'reg.example/acme/p:v1',
    'reg example',
    '-x',
    'reg.example/../a',
    'reg.example?x',
    'a/B',
  ]) {
    test(`refuses "${text}"`, () => assert.throws(() => parseRegistryName(text), /it must be HOST\[:PORT\]/));
  }

  test('does not repeat a password in a URL', () => {
    assert.throws(() => parseRegistryName('https://me:canary@reg.example'), /"\*\*\*@reg\.example"/);
  });
});

describe('matchingKeys()', () => {
  for (const [name, domain, path, keys, expected] of [
    [
      'the longest part first',
      'reg',
      'acme/p',
      ['reg', 'reg/acme', 'reg/acme/p', 'reg/other', 'reg/acme/p/q'],
      ['reg/acme/p', 'reg/acme', 'reg'],
    ],
    ['no part without a path', 'reg', undefined, ['reg/acme'], []],
    ['URLs of the registry', 'reg', 'a', ['https://reg/v2/', 'https://reg.other'], ['https://reg/v2/']],
    [
      'every name of Docker Hub',
      'docker.io',
      'library/p',
      ['registry-1.docker.io', 'docker.io', 'https://index.docker.io/v1/', 'docker.io/library'],
      ['docker.io/library', 'https://index.docker.io/v1/', 'registry-1.docker.io', 'docker.io'],
    ],
  ] as const) {
    test(`finds ${name}`, () => {
      assert.deepEqual(matchingKeys({ domain, ...(path && { path }) }, keys, 'docker'), expected);
    });
  }

  test('what was stored is found first, in the format of either program', () => {
    const keys = ['https://index.docker.io/v1/', 'docker.io'];
    for (const format of ['docker', 'podman'] as const) {
      const [first] = matchingKeys({ domain: 'docker.io' }, keys, format);
      assert.equal(first, storedKey({ domain: 'docker.io' }, format));
    }
  });
});
