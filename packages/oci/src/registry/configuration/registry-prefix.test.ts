import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostKey, matchPrefix, parsePrefix } from './registry-prefix.ts';

describe('hostKey()', () => {
  const same = [
    ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'docker.io:443', 'Docker.IO'],
    ['reg.example', 'REG.example', 'reg.example:443', 'reg.example.'],
    ['127.0.0.1:5000', '127.1:5000', '0x7f000001:5000'],
    ['[::1]:5000', '[0:0:0:0:0:0:0:1]:5000'],
  ];
  for (const [first = '', ...others] of same) {
    it(`R34 takes ${others.join(', ')} for ${first}`, () => {
      for (const other of others) assert.equal(hostKey(other), hostKey(first), other);
    });
  }

  it('keeps ports and hosts apart', () => {
    assert.equal(new Set(['a.example', 'a.example:80', 'a.example:5000', 'b.example'].map(hostKey)).size, 4);
  });
});

describe('matchPrefix()', () => {
  const cases = [
    ['docker.io', 'docker.io', 'library/alpine', 'library/alpine'],
    ['docker.io/library', 'docker.io', 'library/alpine', 'alpine'],
    ['docker.io/library/alpine', 'docker.io', 'library/alpine', ''],
    ['docker.io/lib', 'docker.io', 'library/alpine', undefined],
    ['reg.example', 'reg.example:5000', 'a/b', undefined],
    ['reg.example:443', 'reg.example', 'a/b', 'a/b'],
    ['*.example.com', 'a.b.example.com', 'x', 'x'],
    ['*.example.com', 'example.com', 'x', undefined],
    ['*.example.com', 'badexample.com', 'x', undefined],
    ['*.example.com/team', 'a.example.com', 'team/x', 'x'],
    ['index.docker.io', 'docker.io', 'library/x', 'library/x'],
  ] as const;
  for (const [prefix, domain, path, rest] of cases) {
    it(`finds ${rest ?? 'no match'} of ${domain}/${path} after ${prefix}`, () => {
      assert.equal(matchPrefix(parsePrefix(prefix), { domain, path })?.rest, rest);
    });
  }

  it('prefers the longer match, and an exact host to an asterisk', () => {
    const name = { domain: 'a.example.com', path: 'team/x' };
    const ordered = ['*.com', '*.example.com', 'a.example.com', '*.example.com/team', 'a.example.com/team'];
    const lengths = ordered.map((prefix) => matchPrefix(parsePrefix(prefix), name)?.length ?? 0);
    assert.deepEqual(
      lengths.slice(1),
      [...lengths.slice(1)].sort((left, right) => left - right),
    );
    assert.equal(new Set(lengths.slice(1)).size, 4);
  });
});

describe('parsePrefix()', () => {
  for (const text of [
    '',
    '/',
    'a/',
    'user@host',
    'https://a.example',
    'a.example/X',
    '*',
    '**.a',
    'a b',
    'a/b:tag',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parsePrefix(text), { kind: 'invalid' }));
  }
});
