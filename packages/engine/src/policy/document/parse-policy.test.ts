import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePolicy } from './parse-policy.ts';

const accept = { type: 'insecureAcceptAnything' };
const data = Buffer.from('key').toString('base64');

function parse(document: unknown) {
  return parsePolicy(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)));
}

/** A policy with one requirement for one scope. */
function withRequirement(requirement: unknown) {
  return { default: [accept], transports: { docker: { 'reg.example/acme': [requirement] } } };
}

const fulcio = { caPath: '/ca.pem', oidcIssuer: 'https://issuer.example', subjectEmail: 'a@b.example' };

describe('parsePolicy()', () => {
  test('reads every kind of requirement', () => {
    for (const requirement of [
      accept,
      { type: 'reject' },
      { type: 'signedBy', keyType: 'GPGKeys', keyPath: '/k.gpg' },
      { type: 'signedBy', keyType: 'GPGKeys', keyPaths: ['/a.gpg', '/b.gpg'] },
      { type: 'signedBy', keyType: 'GPGKeys', keyData: data, signedIdentity: { type: 'matchExact' } },
      { type: 'sigstoreSigned', keyPath: '/k.pub' },
      { type: 'sigstoreSigned', keyPaths: ['/k.pub'], rekorPublicKeyPath: '/rekor.pub' },
      { type: 'sigstoreSigned', keyData: data, rekorPublicKeyDatas: [data, data] },
      { type: 'sigstoreSigned', keyDatas: [data], signedIdentity: { type: 'matchDigest' } },
      { type: 'sigstoreSigned', fulcio, rekorPublicKeyPaths: ['/rekor.pub'] },
      {
        type: 'sigstoreSigned',
        fulcio: { trustedRootPath: '/root.json', oidcIssuer: 'https://i', subjectURI: 'https://w' },
      },
      { type: 'sigstoreSigned', pki: { caRootsPath: '/r.pem', subjectEmail: 'a@b.example' } },
      {
        type: 'sigstoreSigned',
        pki: { caRootsData: data, caIntermediatesData: data, subjectHostname: 'build.example' },
      },
    ]) {
      const { transports } = parse(withRequirement(requirement));
      assert.equal(transports.get('docker')?.get('reg.example/acme')?.[0]?.type, requirement.type);
    }
  });

  test('reads every rule for identities', () => {
    for (const signedIdentity of [
      { type: 'matchExact' },
      { type: 'matchRepoDigestOrExact' },
      { type: 'matchRepository' },
      { type: 'matchDigest' },
      { type: 'exactReference', dockerReference: 'reg.example/acme/p:v1' },
      { type: 'exactRepository', dockerRepository: 'reg.example/acme/p' },
      { type: 'remapIdentity', prefix: 'mirror.example/x', signedPrefix: 'docker.io' },
    ]) {
      const policy = parse(withRequirement({ type: 'sigstoreSigned', keyPath: '/k', signedIdentity }));
      const requirement = policy.transports.get('docker')?.get('reg.example/acme')?.[0];
      assert.ok(requirement?.type === 'sigstoreSigned');
      assert.deepEqual(requirement.identity, signedIdentity);
    }
    const policy = parse(withRequirement({ type: 'sigstoreSigned', keyPath: '/k' }));
    const requirement = policy.transports.get('docker')?.get('reg.example/acme')?.[0];
    assert.ok(requirement?.type === 'sigstoreSigned');
    assert.equal(requirement.identity.type, 'matchRepoDigestOrExact');
  });

  for (const [title, document, message] of [
    ['an empty file', '', /invalid signature policy/],
    ['no default', {}, /at "default": want a list with at least one requirement, got nothing/],
    ['an empty default', { default: [] }, /at "default": want a list with at least one/],
    ['an unknown field', { default: [accept], defualt: [] }, /policy: unknown field "defualt"/],
    ['a field twice', '{"default":[{"type":"reject"}],"default":[]}', /twice/],
    ['transports as a list', { default: [accept], transports: [] }, /at "transports": want an object/],
    ['an unknown type', { default: [{ type: 'accept' }] }, /at "default\[0\]": unknown type "accept"/],
    ['no type', { default: [{}] }, /at "default\[0\].type": want text/],
    ['a misspelt field', { default: [{ ...accept, keyPath: '/k' }] }, /unknown field "keyPath"/],
    ['signedBaseLayer', withRequirement({ type: 'signedBaseLayer' }), /unknown type "signedBaseLayer"/],
    [
      'an unknown key type',
      withRequirement({ type: 'signedBy', keyType: 'GPGKeyrings', keyPath: '/k' }),
      /"keyType" "GPGKeyrings" is not supported/,
    ],
    [
      'no key',
      withRequirement({ type: 'sigstoreSigned' }),
      /at "transports.docker.reg.example\/acme\[0\]": want exactly one of "keyPath", .*got none/,
    ],
    [
      'two keys',
      withRequirement({ type: 'sigstoreSigned', keyPath: '/k', keyData: data }),
      /got "keyPath" and "keyData"/,
    ],
    ['an empty list', withRequirement({ type: 'sigstoreSigned', keyPaths: [] }), /keyPaths": want a list/],
    ['a relative path', withRequirement({ type: 'sigstoreSigned', keyPath: 'k' }), /want an absolute path/],
    ['no base64', withRequirement({ type: 'sigstoreSigned', keyData: '!' }), /keyData": want base64/],
    [
      'two keys of logs',
      withRequirement({
        type: 'sigstoreSigned',
        keyPath: '/k',
        rekorPublicKeyPath: '/r',
        rekorPublicKeyData: data,
      }),
      /want exactly one of "rekorPublicKeyPath"/,
    ],
    [
      'fulcio without a log',
      withRequirement({ type: 'sigstoreSigned', fulcio }),
      /"fulcio" needs a key of the transparency log/,
    ],
    [
      'fulcio without a subject',
      withRequirement({ type: 'sigstoreSigned', fulcio: { caPath: '/c', oidcIssuer: 'https://i' } }),
      /fulcio": want exactly one of "subjectEmail", "subjectURI", got none/,
    ],
    [
      'fulcio without an issuer',
      withRequirement({ type: 'sigstoreSigned', fulcio: { caPath: '/c', subjectEmail: 'a' } }),
      /fulcio.oidcIssuer": want text/,
    ],
    [
      'pki without a subject',
      withRequirement({ type: 'sigstoreSigned', pki: { caRootsPath: '/r' } }),
      /want "subjectEmail", "subjectHostname" or both/,
    ],
    [
      'pki with a log',
      withRequirement({
        type: 'sigstoreSigned',
        pki: { caRootsPath: '/r', subjectEmail: 'a' },
        rekorPublicKeyPath: '/r',
      }),
      /cannot be combined/,
    ],
    [
      'an unknown identity',
      withRequirement({ type: 'sigstoreSigned', keyPath: '/k', signedIdentity: { type: 'any' } }),
      /signedIdentity": unknown type "any" of an identity/,
    ],
    [
      'a reference without a tag',
      withRequirement({
        type: 'sigstoreSigned',
        keyPath: '/k',
        signedIdentity: { type: 'exactReference', dockerReference: 'reg.example/p' },
      }),
      /want a reference with a tag or a digest/,
    ],
    [
      'a repository with a tag',
      withRequirement({
        type: 'sigstoreSigned',
        keyPath: '/k',
        signedIdentity: { type: 'exactRepository', dockerRepository: 'reg.example/p:v1' },
      }),
      /want a repository without tag and digest/,
    ],
    [
      'a prefix with a slash at its end',
      withRequirement({
        type: 'sigstoreSigned',
        keyPath: '/k',
        signedIdentity: { type: 'remapIdentity', prefix: 'reg.example/', signedPrefix: 'docker.io' },
      }),
      /"prefix" is "reg.example\/"/,
    ],
    ...['acme', 'acme/p', 'reg.example/*', '*.example/acme', '*', 'reg.example/'].map(
      (scope) =>
        [
          `the scope ${scope}`,
          { default: [accept], transports: { docker: { [scope]: [accept] } } },
          /no plugin is in the scope/,
        ] as const,
    ),
  ] as const) {
    test(`refuses ${title}`, () => {
      assert.throws(() => parse(document), { kind: 'invalid', message });
    });
  }
});
