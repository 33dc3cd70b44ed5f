import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRegistryAccess, readRegistryAccesses } from './registry-access.ts';

const json = '{"username":"us>r?","password":"p~~~ss"}';
const login = { username: 'us>r?', password: 'p~~~ss' };
const encode = (text: string, encoding: 'base64' | 'base64url') => Buffer.from(text).toString(encoding);

const cases: readonly [name: string, header: string, credentials: object | undefined][] = [
  ['the unpadded url-safe alphabet', encode(json, 'base64url'), login],
  [
    'the padded url-safe alphabet',
    Buffer.from(json).toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
    login,
  ],
  ['the unpadded standard alphabet', encode(json, 'base64').replace(/=+$/, ''), login],
  ['the padded standard alphabet', encode(json, 'base64'), login],
  ['keys in any letter case', encode('{"UserName":"us>r?","PASSWORD":"p~~~ss","x":1}', 'base64url'), login],
  ['auth alone', encode(`{"auth":"${encode('us>r?:p~~~ss', 'base64')}"}`, 'base64'), login],
  ['an identity token', encode('{"identitytoken":"t"}', 'base64'), { identityToken: 't' }],
  ['a registry token', encode('{"registrytoken":"t"}', 'base64'), { registryToken: 't' }],
  [
    'a password with colons in auth',
    encode(`{"auth":"${encode('a:b:c', 'base64')}"}`, 'base64'),
    { username: 'a', password: 'b:c' },
  ],
  [
    'auth with trailing NUL bytes',
    encode(`{"auth":"${encode('a:b\0\0', 'base64')}"}`, 'base64'),
    { username: 'a', password: 'b' },
  ],
  ['auth without a colon', encode(`{"auth":"${encode('abc', 'base64')}"}`, 'base64'), undefined],
  ['an empty header', '', undefined],
  ['an empty object with spaces', encode(' { } ', 'base64'), undefined],
  ['the empty object of the CLI', 'e30=', undefined],
  ['empty fields', encode('{"username":"","password":""}', 'base64'), undefined],
  ['invalid JSON', encode('{"username":', 'base64'), undefined],
  ['JSON of another type', encode('["a"]', 'base64'), undefined],
  ['JSON with trailing data, as Docker since 23.0,', encode(`${json}x`, 'base64'), undefined],
  ['JSON that is not Base64-encoded', json, undefined],
  ['null', encode('null', 'base64'), undefined],
  ['invalid Base64', '%%%', undefined],
  ['fields of another type', encode('{"username":1,"password":{}}', 'base64'), undefined],
];
for (const [name, header, credentials] of cases) {
  test(`readRegistryAccess() reads ${name} as ${credentials === undefined ? 'no credentials' : 'credentials'}`, () => {
    assert.deepEqual(readRegistryAccess({ 'x-registry-auth': header }).credentials, credentials);
  });
}

test('readRegistryAccess() keeps X-Meta headers only', () => {
  const { headers } = readRegistryAccess({
    'x-meta-a': '1',
    authorization: 'secret',
    'x-registry-auth': 'e30=',
  });
  assert.deepEqual(headers, { 'x-meta-a': '1' });
});

test('readRegistryAccesses() finds the credentials of a repository, else of its registry', () => {
  const configs = {
    'https://index.docker.io/v1/': { username: 'hub', password: 'p' },
    'registry.test:5000': { auth: Buffer.from('whole:p').toString('base64') },
    'registry.test:5000/acme/p': { identitytoken: 'part' },
    'https://other.test/v2/': { username: 'other', password: 'p' },
    'none.test': {},
  };
  const header = Buffer.from(JSON.stringify(configs)).toString('base64url');
  const accessTo = readRegistryAccesses({ 'x-registry-config': header });
  const found = (domain: string, path: string) => accessTo({ domain, path })?.credentials;
  assert.deepEqual(found('docker.io', 'library/p'), { username: 'hub', password: 'p' });
  assert.deepEqual(found('registry.test:5000', 'acme/q'), { username: 'whole', password: 'p' });
  assert.deepEqual(found('registry.test:5000', 'acme/p'), { identityToken: 'part' });
  assert.deepEqual(found('other.test', 'a/b'), { username: 'other', password: 'p' });
  for (const domain of ['none.test', 'registry.test', 'index.docker.io', 'constructor'])
    assert.equal(found(domain, 'p'), undefined, domain);
});

test('readRegistryAccesses() takes a header that cannot be decoded for none', () => {
  for (const header of [undefined, '', '%%%', Buffer.from('[1]').toString('base64')]) {
    const accessTo = readRegistryAccesses({ 'x-registry-config': header });
    assert.equal(accessTo({ domain: 'registry.test', path: 'p' }), undefined);
  }
});
