import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  formatFamiliarReference,
  formatReference,
  parseLocalName,
  parseRemoteReference,
  withDefaultTag,
} from './remote-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('parseRemoteReference()', () => {
  for (const [text, whole, familiar] of [
    ['vieux/sshfs', 'docker.io/vieux/sshfs', 'vieux/sshfs'],
    ['plugin', 'docker.io/library/plugin', 'plugin'],
    ['docker.io/library/plugin:1', 'docker.io/library/plugin:1', 'plugin:1'],
    ['index.docker.io/acme/p', 'docker.io/acme/p', 'acme/p'],
    ['localhost/p', 'localhost/p', 'localhost/p'],
    ['127.0.0.1:5000/a/b/c:v1', '127.0.0.1:5000/a/b/c:v1', '127.0.0.1:5000/a/b/c:v1'],
    ['[::1]:5000/p', '[::1]:5000/p', '[::1]:5000/p'],
    [`reg.example.com/p:1@${digest}`, `reg.example.com/p:1@${digest}`, `reg.example.com/p:1@${digest}`],
  ] as const) {
    test(`reads ${text}`, () => {
      const reference = parseRemoteReference(text);
      assert.equal(formatReference(reference), whole);
      assert.equal(formatFamiliarReference(reference), familiar);
    });
  }

  for (const text of [
    '',
    ':',
    'a:',
    'a//b',
    '/a',
    'a/',
    'a b',
    'a:b:c',
    'a@b',
    '-a',
    'a\n',
    'reg:x/a',
    '\u001b/a',
    'x'.repeat(5000),
  ]) {
    test(`refuses ${JSON.stringify(text.slice(0, 20))}`, () =>
      assert.throws(() => parseRemoteReference(text), /invalid reference format/));
  }

  test('explains the error of upper-case letters', () => {
    assert.throws(() => parseRemoteReference('BAD'), /repository name \(library\/BAD\) must be lowercase/);
  });
});

test('withDefaultTag() leaves tags and digests alone', () => {
  const tagged = (text: string) => formatReference(withDefaultTag(parseRemoteReference(text)));
  assert.equal(tagged('h:1/a'), 'h:1/a:latest');
  assert.equal(tagged('h:1/a:2'), 'h:1/a:2');
  assert.equal(tagged(`h:1/a@${digest}`), `h:1/a@${digest}`);
});

test('parseLocalName() returns the familiar form with a tag, and refuses digests', () => {
  assert.equal(parseLocalName('docker.io/acme/p'), 'acme/p:latest');
  assert.throws(() => parseLocalName(`acme/p@${digest}`), /invalid name/);
});
