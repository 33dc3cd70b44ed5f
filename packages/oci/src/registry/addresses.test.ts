import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLinkLocal, isLoopback, isPrivateAddress, parseAddressBlock } from './addresses.ts';

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

  it('parseAddressBlock() holds the addresses of its block and no name', () => {
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
