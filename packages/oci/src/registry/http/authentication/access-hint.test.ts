import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessHint } from './access-hint.ts';

const registry = 'reg.example:5000';
const login = 'to log in, type: outboard login reg.example:5000 (or docker login reg.example:5000)';
const password = { username: 'gordon', password: 'canary' };

for (const [name, refused, expected] of [
  [
    'a request without credentials',
    { registry, repository: 'acme/p', status: 401, credentials: undefined },
    `registry "${registry}" was asked for repository "acme/p" without credentials; ${login}`,
  ],
  [
    'a login',
    { registry, status: 401, credentials: password },
    `registry "${registry}" refused the credentials of user "gordon"; ${login}`,
  ],
  [
    'a user without the right',
    { registry, repository: 'acme/p', status: 403, credentials: password },
    `registry "${registry}" does not allow this to user "gordon" for repository "acme/p"; ${login}`,
  ],
  [
    'an identity token at the token server',
    { registry, by: 'token server', status: 401, credentials: { identityToken: 'canary' } },
    `the token server of registry "${registry}" refused the credentials of an identity token, which may have expired; ${login}`,
  ],
  [
    'Docker Hub, whose login needs no name',
    { registry: 'registry-1.docker.io', repository: 'acme/p', status: 401, credentials: undefined },
    'registry "registry-1.docker.io" was asked for repository "acme/p" without credentials; to log in, type: outboard login (or docker login)',
  ],
  ['a failure that is not about access', { registry, status: 500, credentials: password }, ''],
] as const) {
  test(`accessHint() describes ${name}, without the secret`, () => {
    assert.equal(accessHint(refused), expected);
    assert.doesNotMatch(accessHint(refused), /canary/);
  });
}
