import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isLinkLocal,
  isLoopback,
  isPrivateAddress,
  isWithinReach,
  parseAddressBlock,
  reachFrom,
} from './addresses.ts';

describe('addresses', () => {
  const cases = [
    ['localhost', { loopback: true, linkLocal: false, private: true }],
    ['LOCALHOST', { loopback: true, linkLocal: false, private: true }],
    ['127.0.0.1', { loopback: true, linkLocal: false, private: true }],
    ['127.255.1.2', { loopback: true, linkLocal: false, private: true }],
    ['::1', { loopback: true, linkLocal: false, private: true }],
    ['::ffff:127.0.0.1', { loopback: true, linkLocal: false, private: true }],
    ['169.254.169.254', { loopback: false, linkLocal: true, private: true }],
    ['::ffff:a9fe:a9fe', { loopback: false, linkLocal: true, private: true }],
    ['fe80::1', { loopback: false, linkLocal: true, private: true }],
    ['fd00:ec2::254', { loopback: false, linkLocal: true, private: true }],
    ['10.1.2.3', { loopback: false, linkLocal: false, private: true }],
    ['192.168.0.1', { loopback: false, linkLocal: false, private: true }],
    ['0.0.0.0', { loopback: false, linkLocal: false, private: true }],
    ['93.184.216.34', { loopback: false, linkLocal: false, private: false }],
    ['2606:2800::1', { loopback: false, linkLocal: false, private: false }],
    ['127.0.0.1.example', { loopback: false, linkLocal: false, private: false }],
    ['registry.example', { loopback: false, linkLocal: false, private: false }],
  ] as const;
  for (const [host, want] of cases) {
    it(`classifies ${host}`, () => {
      const got = {
        loopback: isLoopback(host),
        linkLocal: isLinkLocal(host),
        private: isPrivateAddress(host),
      };
      assert.deepEqual(got, want);
    });
  }

  const innermost = [
    ['93.184.216.34', 'public'],
    ['2606:2800::1', 'public'],
    ['64:ff9b::93.184.216.34', 'public'],
    ['10.0.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd12::1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['0.0.0.0', 'loopback'],
    ['::1', 'loopback'],
    ['::', 'loopback'],
    ['::ffff:127.9.9.9', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['169.254.169.254', 'anywhere'],
    ['64:ff9b::a9fe:a9fe', 'anywhere'],
    ['::ffff:169.254.169.254', 'anywhere'],
    ['fe80::1', 'anywhere'],
    ['fd00:ec2::254', 'anywhere'],
    ['fd20:ce::254', 'anywhere'],
    ['100.100.100.200', 'anywhere'],
    ['168.63.129.16', 'anywhere'],
  ] as const;
  const order = ['public', 'private', 'loopback', 'anywhere'] as const;
  for (const [address, least] of innermost) {
    it(`isWithinReach() accepts ${address} with ${least} and wider`, () => {
      for (const reach of order) {
        assert.equal(isWithinReach(address, reach), order.indexOf(reach) >= order.indexOf(least), reach);
      }
    });
  }

  for (const [address, want] of [
    [undefined, 'public'],
    ['93.184.216.34', 'public'],
    ['10.0.0.1', 'private'],
    ['169.254.1.1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
  ] as const) {
    it(`reachFrom() of a registry at ${address} is ${want}`, () => {
      assert.equal(reachFrom(address), want);
    });
  }

  it('parseAddressBlock() contains the addresses of its block and no name', () => {
    const block = parseAddressBlock('10.1.0.0/16');
    assert.ok(block);
    assert.equal(block.contains('10.1.255.255'), true);
    assert.equal(block.contains('10.2.0.0'), false);
    assert.equal(block.contains('registry.example'), false);
    assert.equal(parseAddressBlock('registry.example:5000'), undefined);
  });

  for (const text of [
    '10.0.0.0/33',
    '::/129',
    'registry.example/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
  ]) {
    it(`parseAddressBlock() refuses ${text}`, () => {
      assert.throws(() => parseAddressBlock(text), { kind: 'invalid' });
    });
  }
});
