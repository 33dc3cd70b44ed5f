import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOutboardError } from '../errors/outboard-error.ts';
import { canonicalString } from './format-reference.ts';
import { parseReference } from './parse-reference.ts';

const sha256 = `sha256:${'f'.repeat(64)}`;
const sha512 = `sha512:${'e'.repeat(128)}`;
const hexName = '1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a';

/** Typed references with their canonical form: the cases of distribution's own tests, and more hosts. */
const accepted: ReadonlyArray<readonly [string, string]> = [
  ['alpine', 'docker.io/library/alpine'],
  ['library/alpine', 'docker.io/library/alpine'],
  ['docker.io/alpine', 'docker.io/library/alpine'],
  ['index.docker.io/alpine', 'docker.io/library/alpine'],
  ['index.docker.io/acme/p:latest', 'docker.io/acme/p:latest'],
  ['acme/p:v1', 'docker.io/acme/p:v1'],
  ['test_com/foo', 'docker.io/test_com/foo'],
  ['test.com:5000', 'docker.io/library/test.com:5000'],
  ['test:5000/repo', 'test:5000/repo'],
  ['test:5000/repo:tag', 'test:5000/repo:tag'],
  ['localhost/p', 'localhost/p'],
  ['localhosts/p', 'docker.io/localhosts/p'],
  ['127.0.0.1:5000/docker/docker', '127.0.0.1:5000/docker/docker'],
  ['[::1]:5000/x', '[::1]:5000/x'],
  ['[fd00:1:2::3]/x:t', '[fd00:1:2::3]/x:t'],
  ['Reg.Example.COM/x', 'Reg.Example.COM/x'],
  ['xn--n3h.com:18080/foo', 'xn--n3h.com:18080/foo'],
  ['docker---rules/dock__er', 'docker.io/docker---rules/dock__er'],
  [`busybox:latest@${sha256}`, `docker.io/library/busybox:latest@${sha256}`],
  [`test:5000/repo@${sha512}`, `test:5000/repo@${sha512}`],
  [`docker.io/${hexName}`, `docker.io/library/${hexName}`],
  ['a:Tag_1.-', 'docker.io/library/a:Tag_1.-'],
  [`a:${'t'.repeat(128)}`, `docker.io/library/a:${'t'.repeat(128)}`],
];

const form = 'invalid reference format';
const upper = 'invalid reference format: repository name must be lowercase';
const length = 'repository name must not be more than 255 characters';
const refused: ReadonlyArray<readonly [string, string]> = [
  ['', form],
  [' ', form],
  [':justtag', form],
  [`@${sha256}`, form],
  ['a:', form],
  ['a@', form],
  ['a:b:c', form],
  [`a:${'t'.repeat(129)}`, form],
  ['a:-tag', form],
  ['https://github.com/docker/docker', form],
  ['-docker/docker', form],
  ['docker-/docker', form],
  ['docker///docker', form],
  ['docker/', form],
  ['/docker', form],
  ['dock..er/docker', form],
  ['dock_.er/docker', form],
  ['a___b', form],
  ['foo_bar.com/x', form],
  ['[::1/x', form],
  ['[::g]:5000/x', form],
  ['[fe80::1%eth0]:5000/x', form],
  ['reg:port/x', form],
  ['aa/asdf$$^/aa', form],
  ['a/../b', form],
  ['..', form],
  ['a\0b', form],
  ['a\n', form],
  ['acmé/p', form],
  ['a@sha256:ff', form],
  ['docker/Docker', upper],
  ['Acme/p', upper],
  ['ACME', upper],
  ['reg.example.com/A/b:tag', upper],
  [hexName, `invalid repository name (${hexName}), cannot specify 64-byte hexadecimal strings`],
  [`${'a/'.repeat(128)}a:tag`, length],
  [`a@invaliddigest:${'f'.repeat(64)}`, 'unsupported digest algorithm'],
  [`a:t@sha384:${'f'.repeat(96)}`, 'unsupported digest algorithm'],
  [`a:t@sha256:${'f'.repeat(63)}`, 'invalid checksum digest length'],
  [`a:t@sha256:${'F'.repeat(64)}`, 'invalid checksum digest format'],
];

describe('parseReference()', () => {
  for (const [text, canonical] of accepted) {
    it(`reads ${JSON.stringify(text)} as ${canonical}`, () => {
      assert.equal(canonicalString(parseReference(text)), canonical);
    });
  }

  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 90))}: ${message.slice(0, 60)}`, () => {
      assert.throws(
        () => parseReference(text),
        (error) => isOutboardError(error, 'invalid') && error.message === message,
      );
    });
  }

  it('splits a reference into registry, path, tag and digest', () => {
    assert.deepEqual(parseReference(`[::1]:5000/a/b:v1@${sha256}`), {
      domain: '[::1]:5000',
      path: 'a/b',
      tag: 'v1',
      digest: sha256,
    });
  });

  it('runs in linear time on text that makes patterns backtrack', () => {
    // A pattern with nested repetition takes exponential time on each of these.
    for (const text of [
      'a'.repeat(100_000),
      'a-'.repeat(50_000),
      `${'a.'.repeat(50_000)}/x`,
      '[:'.repeat(50_000),
    ]) {
      assert.throws(() => parseReference(`${text}!`), { message: form });
    }
  });
});
