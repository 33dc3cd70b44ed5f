import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedHostNames, formatHostAddress, parseHostAddress } from './host-address.ts';

const accepted = [
  'unix:///run/outboard/outboard.sock',
  `unix:///${'a'.repeat(106)}`,
  'tcp://127.0.0.1:2375',
  'tcp://127.8.9.10:0',
  'tcp://[::1]:2375',
  'tcp://localhost:2375',
];
for (const text of accepted) {
  test(`parseHostAddress() accepts ${text.slice(0, 50)}`, () => {
    assert.equal(formatHostAddress(parseHostAddress(text, { insecureTcp: true })), text);
  });
}

const refused: readonly [text: string, message: RegExp][] = [
  [`unix:///${'a'.repeat(107)}`, /has 108 bytes, a socket's may have 107/],
  [`unix:///${'ä'.repeat(54)}`, /has 109 bytes/],
  ['unix://relative.sock', /absolute path/],
  ['unix://', /absolute path/],
  ['fd://', /expected unix:/],
  ['/run/x.sock', /expected unix:/],
  ['tcp://0.0.0.0:2375', /only loopback/],
  ['tcp://10.0.0.1:2375', /only loopback/],
  ['tcp://127.evil.example:2375', /only loopback/],
  ['tcp://[::]:2375', /only loopback/],
  ['tcp://127.0.0.1', /expected tcp:/],
  ['tcp://127.0.0.1:70000', /expected tcp:/],
  ['tcp://user@127.0.0.1:1', /only loopback/],
];
for (const [text, message] of refused) {
  test(`D12 D14 parseHostAddress() refuses ${text.slice(0, 50)}`, () => {
    assert.throws(() => parseHostAddress(text, { insecureTcp: true }), { kind: 'invalid', message });
  });
}

test('D12 parseHostAddress() refuses loopback TCP unless it was asked for', () => {
  assert.throws(() => parseHostAddress('tcp://127.0.0.1:2375', { insecureTcp: false }), /add --insecure-tcp/);
});

test('D10 allowedHostNames() knows no names for a unix socket, and only local ones for TCP', () => {
  assert.equal(allowedHostNames({ kind: 'unix', path: '/x' }), undefined);
  const names = allowedHostNames({ kind: 'tcp', hostname: '127.0.0.2', port: 1 });
  assert.deepEqual([...(names ?? [])].sort(), ['127.0.0.1', '127.0.0.2', '[::1]', 'localhost']);
});
