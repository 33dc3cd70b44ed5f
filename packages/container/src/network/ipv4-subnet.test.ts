import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatSubnet, parseSubnet, subnetsOverlap } from './ipv4-subnet.ts';

const refused: readonly (readonly [text: string, reason: RegExp])[] = [
  ['', /want an IPv4 subnet of 8 to 30 bits/],
  ['10.87.0.0', /want an IPv4 subnet/],
  ['10.87.0.0/31', /8 to 30 bits/],
  ['10.0.0.0/7', /8 to 30 bits/],
  ['10.87.0/24', /want an IPv4 subnet/],
  ['256.0.0.0/24', /want an IPv4 subnet/],
  ['fd00::/64', /want an IPv4 subnet/],
  ['10.87.0.0/24\n', /want an IPv4 subnet/],
  ['010.87.0.0/24', /want an IPv4 subnet/],
  ['10.87.0.1/24', /it has bits set after the first 24; want "10\.87\.0\.0\/24"/],
];
for (const [text, reason] of refused) {
  test(`parseSubnet() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseSubnet(text, 'bridge subnet'), { kind: 'invalid', message: reason });
  });
}

test('parseSubnet() and formatSubnet() are each other\u2019s inverse', () => {
  for (const text of ['10.0.0.0/8', '10.87.0.0/24', '192.168.255.252/30', '240.0.0.0/8']) {
    assert.equal(formatSubnet(parseSubnet(text, 'x')), text);
  }
});

const overlaps: readonly (readonly [one: string, other: string, expected: boolean])[] = [
  ['10.87.0.0/24', '10.87.0.0/24', true],
  ['10.87.0.0/24', '10.87.1.0/24', false],
  ['10.87.0.0/16', '10.87.200.0/24', true],
  ['10.87.0.0/24', '10.86.0.0/15', true],
  ['10.87.0.0/24', '138.87.0.0/24', false],
  ['192.0.0.0/8', '192.168.0.0/30', true],
];
for (const [one, other, expected] of overlaps) {
  test(`subnetsOverlap() of ${one} and ${other} is ${expected}`, () => {
    const [left, right] = [parseSubnet(one, 'x'), parseSubnet(other, 'x')];
    assert.equal(subnetsOverlap(left, right), expected);
    assert.equal(subnetsOverlap(right, left), expected);
  });
}

test('subnetsOverlap() is true when one address is in both', () => {
  const subnet = fc.record({ address: fc.nat(0xffff), prefixLength: fc.integer({ min: 20, max: 30 }) });
  const bounds = ({ address, prefixLength }: { address: number; prefixLength: number }) => {
    const size = 2 ** (32 - prefixLength);
    const first = 0xf0000000 + Math.floor(address / size) * size;
    return { first, last: first + size - 1, prefixLength };
  };
  fc.assert(
    fc.property(subnet, subnet, (one, other) => {
      const [left, right] = [bounds(one), bounds(other)];
      assert.equal(subnetsOverlap(left, right), left.first <= right.last && right.first <= left.last);
    }),
  );
});
