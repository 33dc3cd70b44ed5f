import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseReference } from '@outboard/oci';
import { parsePolicy } from './parse-policy.ts';
import { chooseRequirements, type PolicyTransport, scopesOf } from './policy-scope.ts';

const accept = [{ type: 'insecureAcceptAnything' }];
const reject = [{ type: 'reject' }];
const signed = [{ type: 'sigstoreSigned', keyPath: '/key.pub' }];

function chosen(transports: object, reference: string, transport?: PolicyTransport): string {
  const policy = parsePolicy(Buffer.from(JSON.stringify({ default: reject, transports })));
  return chooseRequirements(policy, parseReference(reference), transport).scope;
}

test('scopesOf() lists what matches, the most specific one first', () => {
  assert.deepEqual(scopesOf(parseReference('reg.sub.example:5000/a/b:v1')), [
    'reg.sub.example:5000/a/b:v1',
    'reg.sub.example:5000/a/b',
    'reg.sub.example:5000/a',
    'reg.sub.example:5000',
    '*.sub.example',
    '*.example',
  ]);
  const digest = `sha256:${'a'.repeat(64)}`;
  assert.equal(scopesOf(parseReference(`p@${digest}`))[0], `docker.io/library/p@${digest}`);
});

describe('chooseRequirements()', () => {
  const docker = {
    '': accept,
    'docker.io': accept,
    'docker.io/acme': signed,
    'docker.io/acme/p': reject,
    'docker.io/acme/p:v1': accept,
    '*.example': reject,
    'reg.example': accept,
  };
  for (const [reference, scope] of [
    ['acme/p:v1', 'docker docker.io/acme/p:v1'],
    ['acme/p:v2', 'docker docker.io/acme/p'],
    ['acme/pp', 'docker docker.io/acme'],
    ['vieux/sshfs', 'docker docker.io'],
    ['reg.example/x', 'docker reg.example'],
    ['reg.example:5000/x', 'docker *.example'],
    ['sub.reg.example/x', 'docker *.example'],
    ['example/x', 'docker docker.io'],
    ['other.test/x', 'docker'],
  ] as const) {
    test(`chooses "${scope}" for ${reference}`, () => {
      assert.equal(chosen({ docker }, reference), scope);
    });
  }

  test('chooses the default where the transport has no scope that matches', () => {
    assert.equal(chosen({}, 'acme/p'), 'default');
    assert.equal(chosen({ docker: { 'reg.example': accept } }, 'acme/p'), 'default');
    assert.equal(chosen({ atomic: { '': accept } }, 'acme/p'), 'default');
  });

  test('takes the name that an archive claims for proven only by a signature', () => {
    assert.equal(chosen({ docker }, 'reg.example/p', 'oci-archive'), 'default');
    assert.equal(chosen({ docker }, 'acme/other', 'oci-archive'), 'docker docker.io/acme');
    assert.equal(chosen({ docker }, 'acme/p:v2', 'docker-archive'), 'docker docker.io/acme/p');
    assert.equal(
      chosen({ docker, 'oci-archive': { '': accept } }, 'acme/p:v2', 'oci-archive'),
      'oci-archive',
    );
    assert.equal(
      chosen({ docker, oci: { '/srv/layout': accept } }, 'x.example/p', 'oci'),
      'docker *.example',
    );
  });
});
