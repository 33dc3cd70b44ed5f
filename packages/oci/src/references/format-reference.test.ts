import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../digests/digest.ts';
import {
  canonicalName,
  canonicalString,
  familiarName,
  familiarString,
  withDefaultTag,
  withoutDigest,
  withTag,
} from './format-reference.ts';
import { parseReference } from './parse-reference.ts';
import type { Reference } from './reference.ts';

const digest = digestOf(Buffer.from('outboard'));

const component = fc.stringMatching(/^[a-z0-9]{1,6}(?:(?:[._]|__|-{1,3})[a-z0-9]{1,4}){0,2}$/);
const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const domain = fc.oneof(
  fc.constantFrom('docker.io', 'localhost', '[::1]:5000', 'reg:5000', '10.0.0.1'),
  fc
    .stringMatching(/^[a-zA-Z0-9]{1,5}(?:-[a-z0-9]{1,3})?\.[a-z]{2,3}(?::[0-9]{1,5})?$/)
    .filter((host) => !host.startsWith('index.docker.io')),
);
const references: fc.Arbitrary<Reference> = fc
  .record({
    domain,
    path: fc.oneof(
      path,
      path.map((rest) => `library/${rest}`),
      fc.constantFrom('localhost/x', 'a.b/c', 'library/localhost'),
    ),
    tag: fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/), { nil: undefined }),
    digest: fc.option(fc.constant(digest), { nil: undefined }),
  })
  .map(({ tag, digest, ...name }) => ({
    domain: name.domain,
    path: name.domain === 'docker.io' && !name.path.includes('/') ? `library/${name.path}` : name.path,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  }));

describe('familiarName()', () => {
  const cases = [
    ['docker.io/library/alpine', 'alpine'],
    ['docker.io/acme/p', 'acme/p'],
    ['reg:5000/acme/p', 'reg:5000/acme/p'],
    ['library/foo/bar', 'library/foo/bar'],
    ['docker.io/localhost/p', 'docker.io/localhost/p'],
    ['docker.io/a.b/p', 'docker.io/a.b/p'],
    [`docker.io/${'ab'.repeat(32)}`, `docker.io/library/${'ab'.repeat(32)}`],
  ] as const;
  for (const [text, familiar] of cases) {
    it(`shortens ${text} to ${familiar}`, () => {
      assert.equal(familiarName(parseReference(text)), familiar);
    });
  }
});

describe('text of a reference', () => {
  it('parses back to the same reference, in familiar and in canonical form', () => {
    fc.assert(
      fc.property(references, (reference) => {
        assert.deepEqual(parseReference(familiarString(reference)), reference);
        assert.deepEqual(parseReference(canonicalString(reference)), reference);
      }),
    );
  });

  it('has the tag before the digest', () => {
    const reference = parseReference(`acme/p:v1@${digest}`);
    assert.equal(familiarString(reference), `acme/p:v1@${digest}`);
    assert.equal(canonicalString(reference), `docker.io/acme/p:v1@${digest}`);
    assert.equal(canonicalName(reference), 'docker.io/acme/p');
  });
});

describe('withDefaultTag()', () => {
  it('adds latest only to a reference without tag and digest', () => {
    assert.equal(familiarString(withDefaultTag(parseReference('acme/p'))), 'acme/p:latest');
    assert.equal(familiarString(withDefaultTag(parseReference('acme/p:v1'))), 'acme/p:v1');
    assert.equal(familiarString(withDefaultTag(parseReference(`acme/p@${digest}`))), `acme/p@${digest}`);
  });
});

describe('withTag() and withoutDigest()', () => {
  it('replace the tag and drop the digest', () => {
    const reference = parseReference(`acme/p:v1@${digest}`);
    assert.equal(familiarString(withTag(reference, 'v2')), `acme/p:v2@${digest}`);
    assert.deepEqual(withoutDigest(reference), parseReference('acme/p:v1'));
  });

  it('refuse a malformed tag', () => {
    assert.throws(() => withTag(parseReference('acme/p'), '-foo'), {
      kind: 'invalid',
      message: 'invalid tag format',
    });
  });
});
