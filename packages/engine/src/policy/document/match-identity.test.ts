import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseReference } from '@outboard/oci';
import { identityMismatch } from './match-identity.ts';
import type { IdentityRule } from './policy-document.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const remap: IdentityRule = {
  type: 'remapIdentity',
  prefix: 'mirror.example/hub',
  signedPrefix: 'docker.io/acme',
};

function matches(rule: IdentityRule, signed: string | undefined, requested: string): boolean {
  return identityMismatch(rule, signed, parseReference(requested)) === undefined;
}

describe('identityMismatch()', () => {
  for (const [type, signed, requested, expected] of [
    ['matchExact', 'reg.example/p:v1', 'reg.example/p:v1', true],
    ['matchExact', 'docker.io/library/p:v1', 'p:v1', true],
    ['matchExact', 'reg.example/p:v2', 'reg.example/p:v1', false],
    ['matchExact', 'reg.example/p', 'reg.example/p:latest', false],
    ['matchExact', 'reg.example/p:v1', `reg.example/p@${digest}`, false],
    ['matchRepoDigestOrExact', 'reg.example/p:v1', 'reg.example/p:v1', true],
    ['matchRepoDigestOrExact', 'reg.example/p:v1', 'reg.example/p:v2', false],
    ['matchRepoDigestOrExact', 'reg.example/p:v1', `reg.example/p@${digest}`, true],
    ['matchRepoDigestOrExact', 'reg.example/q:v1', `reg.example/p@${digest}`, false],
    ['matchRepoDigestOrExact', 'reg.example/p', 'reg.example/p:v1', false],
    ['matchRepository', 'reg.example/p', 'reg.example/p:v1', true],
    ['matchRepository', 'reg.example/p:v7', 'reg.example/p:v1', true],
    ['matchRepository', 'reg.example/q', 'reg.example/p:v1', false],
    ['matchRepository', 'other.example/p', 'reg.example/p:v1', false],
    ['matchRepository', undefined, 'reg.example/p:v1', false],
    ['matchRepository', '', 'reg.example/p:v1', false],
    ['matchRepository', 'UPPER/..', 'reg.example/p:v1', false],
    ['matchDigest', undefined, 'reg.example/p:v1', true],
    ['matchDigest', 'other.example/q', 'reg.example/p:v1', true],
  ] as const) {
    test(`${type}: ${signed} is ${expected ? '' : 'not '}for ${requested}`, () => {
      assert.equal(matches({ type }, signed, requested), expected);
    });
  }

  test('exactReference and exactRepository compare with the name in the policy', () => {
    const exact: IdentityRule = { type: 'exactReference', dockerReference: 'reg.example/p:v1' };
    assert.equal(matches(exact, 'reg.example/p:v1', 'mirror.example/q:v9'), true);
    assert.equal(matches(exact, 'reg.example/p:v2', 'reg.example/p:v2'), false);
    const repository: IdentityRule = { type: 'exactRepository', dockerRepository: 'reg.example/p' };
    assert.equal(matches(repository, 'reg.example/p:v3', 'mirror.example/q:v9'), true);
    assert.equal(matches(repository, 'reg.example/q:v3', 'reg.example/q:v3'), false);
  });

  test('remapIdentity exchanges the prefix at the limit of a path component', () => {
    assert.equal(matches(remap, 'acme/p:v1', 'mirror.example/hub/p:v1'), true);
    assert.equal(matches(remap, 'acme/p:v1', `mirror.example/hub/p@${digest}`), true);
    assert.equal(matches(remap, 'acme/p:v1', 'mirror.example/hubs/p:v1'), false);
    assert.equal(matches(remap, 'mirror.example/hubs/p:v1', 'mirror.example/hubs/p:v1'), true);
    assert.equal(matches(remap, 'mirror.example/hub/p:v1', 'mirror.example/hub/p:v1'), false);
  });

  test('says what was found and wanted', () => {
    const requested = parseReference('reg.example/p:v1');
    const rule: IdentityRule = { type: 'matchRepoDigestOrExact' };
    assert.equal(
      identityMismatch(rule, 'evil.example/p:v1', requested),
      'it is for "evil.example/p:v1", not reg.example/p:v1',
    );
    assert.match(identityMismatch(rule, 'reg.example/p', requested) ?? '', /matchRepository/);
    assert.match(identityMismatch(rule, undefined, requested) ?? '', /names no repository/);
  });
});
