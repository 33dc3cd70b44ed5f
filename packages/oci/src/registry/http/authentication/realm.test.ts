import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRealm } from './realm.ts';

const trusted = [{ registry: 'registry.corp:5000', realm: 'login.corp' }];

describe('checkRealm()', () => {
  const allowed = [
    ['https://registry-1.docker.io', 'https://auth.docker.io/token', true],
    ['https://registry.gitlab.com', 'https://gitlab.com/jwt/auth', true],
    ['https://ghcr.io', 'https://ghcr.io/token', true],
    ['https://registry.corp:5000', 'https://login.corp/token', true],
    ['https://registry.example:5050', 'https://registry.example/jwt', true],
    ['http://127.0.0.1:5000', 'http://127.0.0.1:5000/token', true],
    ['https://10.0.0.1:5000', 'https://10.0.0.1:5000/token', true],
    ['https://registry.example', 'https://login.example/token', false],
    ['https://evil.example', 'https://auth.docker.io/token', false],
    ['https://registry.corp', 'https://login.corp/token', false],
    ['https://registry.example', 'https://93.184.216.34/token', false],
  ] as const;
  for (const [registry, realm, maySeeCredentials] of allowed) {
    it(`R11 ${registry} may name ${realm}, which ${maySeeCredentials ? 'sees' : 'never sees'} credentials`, () => {
      const got = checkRealm(realm, new URL(registry), trusted);
      assert.equal(got.url.href, realm);
      assert.equal(got.maySeeCredentials, maySeeCredentials);
    });
  }

  const refused = [
    ['https://registry.example', 'http://registry.example/token', /want https:/],
    ['https://registry.corp:5000', 'http://login.corp/token', /want https:/],
    ['http://127.0.0.1:5000', 'http://login.example/token', /want https:/],
    ['http://127.0.0.1:5000', 'http://127.0.0.1:5001/token', /private address/],
    ['https://registry.example', 'https://127.0.0.1/token', /private address/],
    ['https://registry.example', 'https://localhost/token', /private address/],
    ['https://registry.example', 'https://LOCALHOST./token', /private address/],
    ['https://registry.example', 'https://10.0.0.1/token', /private address/],
    ['https://registry.example', 'https://0x7f.1/token', /private address/],
    ['https://registry.example', 'https://[::1]/token', /private address/],
    ['https://registry.example', 'https://[::ffff:10.0.0.1]/token', /private address/],
    ['https://registry.example', 'https://169.254.169.254/token', /private address/],
    ['https://registry.example', 'https://[fe80::1]/token', /private address/],
    ['https://registry.example', 'https://user:pass@registry.example/token', /user name/],
    ['https://registry.example', 'https://registry.example@evil.example/token', /user name/],
    ['https://registry.example', 'file:///etc/shadow', /want http: or https:/],
    ['https://registry.example', '/token', /not an absolute URL/],
    ['https://registry.example', '', /not an absolute URL/],
    ['https://registry.example', `https://registry.example/${'x'.repeat(3000)}`, /not an absolute URL/],
  ] as const;
  for (const [registry, realm, want] of refused) {
    it(`R11 ${registry} may not name ${realm.slice(0, 60)}`, () => {
      assert.throws(() => checkRealm(realm, new URL(registry), trusted), want);
    });
  }
});
