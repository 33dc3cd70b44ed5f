import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkAuthFile, readAuthFile } from './auth-file.ts';

let path: string;
before(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'outboard-auth-')), 'auth.json');
});
after(() => rm(join(path, '..'), { recursive: true }));

const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
const write = (auths: unknown) => writeFile(path, JSON.stringify({ auths }));
const cache = { domain: 'cache.lan:5000', path: 'hub/acme/plugin' };

describe('readAuthFile()', () => {
  const cases: readonly (readonly [string, Record<string, unknown>, object])[] = [
    ['a host', { 'cache.lan:5000': auth('u:p:q') }, { username: 'u', password: 'p:q' }],
    [
      'the longest path',
      {
        'cache.lan:5000': auth('a:1'),
        'cache.lan:5000/hub': auth('b:2'),
        'cache.lan:5000/other': auth('c:3'),
      },
      { username: 'b', password: '2' },
    ],
    [
      'a key of old versions',
      { 'https://cache.lan:5000/v1/': auth('u:p') },
      { username: 'u', password: 'p' },
    ],
    ['a name in other letters', { 'Cache.LAN:5000': auth('u:p') }, { username: 'u', password: 'p' }],
    [
      'separate fields',
      { 'cache.lan:5000': { username: 'u', password: 'p' } },
      { username: 'u', password: 'p' },
    ],
    [
      'an identity token',
      { 'cache.lan:5000': { ...auth('u:'), identitytoken: 't' } },
      { identityToken: 't' },
    ],
  ];
  for (const [name, auths, credentials] of cases) {
    it(`finds ${name}`, async () => {
      await write(auths);
      assert.deepEqual(await readAuthFile(path, cache), credentials);
      await checkAuthFile(path, cache.domain);
    });
  }

  const others: readonly (readonly [string, unknown])[] = [
    ['another host', { 'other.lan': auth('u:p') }],
    ['another port', { 'cache.lan': auth('u:p') }],
    ['a name that begins alike', { 'cache.lan:5000.evil': auth('u:p') }],
    ['a member of all objects', { constructor: auth('u:p') }],
    ['a credential without a user', { 'cache.lan:5000': { auth: 'cA==' } }],
    ['a program that keeps credentials', { 'cache.lan:5000': {} }],
    ['nothing', undefined],
  ];
  for (const [name, auths] of others) {
    it(`finds no credentials for ${name}`, async () => {
      await write(auths);
      const want = { kind: 'invalid', message: /has no credentials for cache\.lan:5000: want / };
      await assert.rejects(readAuthFile(path, cache), want);
      await assert.rejects(checkAuthFile(path, cache.domain), want);
    });
  }

  it('D16 shows nothing of a malformed file', async () => {
    for (const text of [
      '{"auths": {"cache.lan:5000": {"auth": "c2VjcmV0" "}}}',
      '{"auths": ["c2VjcmV0"]}',
      'c2VjcmV0',
    ]) {
      await writeFile(path, text);
      await assert.rejects(readAuthFile(path, cache), (error: Error & { kind: string }) => {
        assert.equal(error.kind, 'invalid');
        assert.doesNotMatch(JSON.stringify([error.message, error]) + String(error.cause), /c2VjcmV0/);
        return true;
      });
    }
  });
});
