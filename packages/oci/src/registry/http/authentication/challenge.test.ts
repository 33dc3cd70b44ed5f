import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isOutboardError } from '../../../errors/outboard-error.ts';
import { parseChallenges } from './challenge.ts';

function parse(...headers: string[]) {
  return parseChallenges(headers).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe('parseChallenges()', () => {
  it('reads a Bearer challenge', () => {
    assert.deepEqual(
      parse(
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
      ),
      [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:a/b:pull,push',
          },
        ],
      ],
    );
  });
  it('reads several challenges in one header, and several headers', () => {
    assert.deepEqual(
      parse('Basic realm="x", Bearer realm="y" , service=z,, Negotiate', 'Digest qop="auth"'),
      [
        ['basic', { realm: 'x' }],
        ['bearer', { realm: 'y', service: 'z' }],
        ['negotiate', {}],
        ['digest', { qop: 'auth' }],
      ],
    );
  });
  it('reads quoted pairs, commas in quotes, odd spaces and a token68', () => {
    assert.deepEqual(parse('BASIC Realm = "a \\"quoted\\", b"', 'Negotiate abc/+==, Basic realm=x'), [
      ['basic', { realm: 'a "quoted", b' }],
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ]);
  });
  it('returns no challenge without a header', () => {
    assert.deepEqual(parse(), []);
    assert.deepEqual(parse('', ' , '), []);
  });
  for (const header of [
    'Bearer realm="open',
    'Bearer realm="a" service="b"',
    'Bearer realm="a",realm="b"',
    'Bearer realm="a"x',
    '="a"',
    '"Bearer"',
    'Bearer realm=a=b',
    `Bearer realm="${'x'.repeat(20_000)}"`,
    'Basic,'.repeat(17),
  ]) {
    it(`refuses ${header.slice(0, 40)}`, () => assert.throws(() => parse(header), { kind: 'unauthorized' }));
  }
  it('returns challenges or a typed error for every text', () => {
    const text = fc.string({ unit: fc.constantFrom(...' ,="\\abB/+-\t;'), maxLength: 60 });
    fc.assert(
      fc.property(text, (header) => {
        try {
          return Array.isArray(parseChallenges([header]));
        } catch (error) {
          return isOutboardError(error, 'unauthorized');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
