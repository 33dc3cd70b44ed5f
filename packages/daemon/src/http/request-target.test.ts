import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError } from './errors.ts';
import { decodeName, parseRequestTarget } from './request-target.ts';

const targets: readonly [raw: string, path: string, version: string | undefined][] = [
  ['/plugins', '/plugins', undefined],
  ['/v1.41/plugins', '/plugins', '1.41'],
  ['/v1.25.3/plugins?filters=x', '/plugins', '1.25.3'],
  ['/plugins/reg:5000/acme/p:v1/json', '/plugins/reg:5000/acme/p:v1/json', undefined],
  ['/plugins/a%2Fb/json', '/plugins/a%2Fb/json', undefined],
  ['/plugins/a/%2e%2e/json', '/plugins/a/%2e%2e/json', undefined],
  ['/plugins/../info', '/plugins/../info', undefined],
  ['/plugins/%252e/json', '/plugins/%252e/json', undefined],
  ['/v1.41', '/v1.41', undefined],
  ['/vx/plugins', '/vx/plugins', undefined],
  ['/v1.41%2Fplugins', '/v1.41%2Fplugins', undefined],
];

for (const [raw, path, version] of targets) {
  test(`D02 parseRequestTarget() keeps the path of ${raw} undecoded`, () => {
    const target = parseRequestTarget(raw);
    assert.ok('path' in target);
    assert.deepEqual({ path: target.path, version: target.version }, { path, version });
  });
}

for (const raw of ['http://evil/plugins', '*', '', 'plugins']) {
  test(`D02 parseRequestTarget() refuses ${JSON.stringify(raw)}, which is not in origin form`, () => {
    assert.throws(() => parseRequestTarget(raw), { name: 'HttpError', status: 400 });
  });
}

const redirects: readonly [raw: string, to: string][] = [
  ['//evil.example/plugins', '/evil.example/plugins'],
  ['/v1.41//plugins///x?a=b//c', '/v1.41/plugins/x?a=b//c'],
];
for (const [raw, to] of redirects) {
  test(`D02 parseRequestTarget() redirects ${raw} within this host`, () => {
    assert.deepEqual(parseRequestTarget(raw), { redirect: to });
  });
}

test('D02 parseRequestTarget() refuses a redirect to a path with a backslash, which browsers read as a host', () => {
  assert.throws(() => parseRequestTarget('/\\evil.example//x'), { status: 404 });
});

test('decodeName() decodes percent-encoding once', () => {
  assert.equal(decodeName('a%2Fb%253A'), 'a/b%3A');
});

test('decodeName() refuses malformed escapes', () => {
  for (const encoded of ['%', '%zz', '%ff']) assert.throws(() => decodeName(encoded), HttpError);
});
