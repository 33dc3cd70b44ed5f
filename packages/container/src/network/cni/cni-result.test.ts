import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOfResult, parseCniError } from './cni-result.ts';

const versions: readonly (readonly [version: string, ips: unknown])[] = [
  ['1.0.0', [{ interface: 2, address: '10.87.0.2/24', gateway: '10.87.0.1' }]],
  ['0.4.0', [{ version: '4', interface: 2, address: '10.87.0.2/24', gateway: '10.87.0.1' }]],
  [
    '1.0.0',
    [
      { address: 'fd00::2/64', gateway: 'fd00::1' },
      { address: '10.87.0.2/24', gateway: '10.87.0.1' },
    ],
  ],
];
for (const [cniVersion, ips] of versions) {
  test(`addressOfResult() finds the IPv4 address in ${JSON.stringify(ips)} (${cniVersion})`, () => {
    assert.deepEqual(addressOfResult({ cniVersion, ips }), { address: '10.87.0.2', gateway: '10.87.0.1' });
  });
}

const wrong: readonly unknown[] = [
  undefined,
  null,
  [],
  { cniVersion: '1.0.0' },
  { cniVersion: '1.0.0', ips: {} },
  { cniVersion: '1.0.0', ips: [{ address: '10.87.0.2/24' }] },
  { cniVersion: '1.0.0', ips: [{ address: '10.87.0.2/24\nx', gateway: '10.87.0.1' }] },
  { cniVersion: '1.0.0', ips: [{ address: 'x', gateway: '10.87.0.1' }] },
];
for (const result of wrong) {
  test(`addressOfResult() refuses ${JSON.stringify(result)}`, () => {
    assert.throws(() => addressOfResult(result), {
      kind: 'system',
      message: /no IPv4 address with a gateway$/,
    });
  });
}

test('parseCniError() reads error objects, and nothing else', () => {
  assert.equal(parseCniError('{"code":7,"msg":"invalid","details":"no name"}'), 'invalid: no name');
  assert.equal(parseCniError('{"code":999,"msg":"broken","details":""}'), 'broken');
  for (const text of ['', 'panic: x', '{"msg":"no code"}', '{"code":1,"msg":""}', 'null']) {
    assert.equal(parseCniError(text), undefined, text);
  }
});
