import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsSocketAddress, parseMetricsAddress } from './metrics-address.ts';

const accepted = [
  ['127.0.0.1:9323', '127.0.0.1', 9323],
  ['0.0.0.0:0', '0.0.0.0', 0],
  ['[::1]:9323', '::1', 9323],
  ['metrics.example.com:80', 'metrics.example.com', 80],
] as const;
for (const [text, hostname, port] of accepted) {
  test(`parseMetricsAddress() accepts ${text}`, () => {
    assert.deepEqual(parseMetricsAddress(text), { kind: 'tcp', hostname, port });
  });
}

for (const text of [
  ':9323',
  '9323',
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:65536',
  '::1:9323',
  'http://h:1',
  'a b:1',
]) {
  test(`parseMetricsAddress() refuses ${text}`, () => {
    assert.throws(() => parseMetricsAddress(text), {
      kind: 'invalid',
      message: `invalid metrics address "${text}": expected ADDRESS:PORT, such as 127.0.0.1:9323`,
    });
  });
}

test('metricsSocketAddress() is undefined if the socket path exceeds 107 bytes', () => {
  const execRoot = `/${'a'.repeat(93)}`;
  assert.equal(metricsSocketAddress(execRoot)?.path.length, 107);
  assert.equal(metricsSocketAddress(`${execRoot}a`), undefined);
});
