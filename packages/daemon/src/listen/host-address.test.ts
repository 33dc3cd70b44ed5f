import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHostAddress, hostRule, parseHostAddress, parseHostAddresses } from './host-address.ts';

const plain = { 'insecure-tcp': false, tls: false, tlsverify: false };
const insecure = { ...plain, 'insecure-tcp': true };
const serverOnly = { ...plain, tls: true };
const mutual = { ...plain, tls: true, tlsverify: true };

const accepted = [
  ['unix:///run/outboard/outboard.sock', insecure],
  [`unix:///${'a'.repeat(106)}`, plain],
  ['tcp://127.0.0.1:2375', insecure],
  ['tcp://127.8.9.10:0', insecure],
  ['tcp://[::1]:2375', insecure],
  ['tcp://localhost:2375', insecure],
  ['tcp://localhost:2376', { ...serverOnly, 'insecure-tcp': true }],
  ['tcp://0.0.0.0:2376', mutual],
  ['tcp://[::]:2376', mutual],
  ['tcp://node-1.example.com:443', mutual],
] as const;
for (const [text, rules] of accepted) {
  test(`parseHostAddress() accepts ${text.slice(0, 50)}`, () => {
    assert.equal(formatHostAddress(parseHostAddress(text, rules)), text);
  });
}

for (const [text, rules, expected] of [
  ['tcp://10.0.0.1', mutual, 'tcp://10.0.0.1:2376'],
  ['tcp://127.0.0.1', insecure, 'tcp://127.0.0.1:2375'],
  ['tcp://:2376', mutual, 'tcp://localhost:2376'],
  ['tcp://', mutual, 'tcp://localhost:2376'],
  ['tcp://[::1]/', mutual, 'tcp://[::1]:2376'],
] as const) {
  test(`parseHostAddress() completes ${text} as Docker does`, () => {
    assert.equal(formatHostAddress(parseHostAddress(text, rules)), expected);
  });
}

const refused: readonly [text: string, rules: typeof plain, message: RegExp][] = [
  [`unix:///${'a'.repeat(107)}`, insecure, /has 108 bytes, a socket's may have 107/],
  [`unix:///${'ä'.repeat(54)}`, insecure, /has 109 bytes/],
  ['unix://relative.sock', insecure, /absolute path/],
  ['unix://', insecure, /absolute path/],
  ['fd://', insecure, /expected unix:/],
  ['/run/x.sock', insecure, /expected unix:/],
  ['tcp://0.0.0.0:2375', insecure, /without --tlsverify only loopback/],
  ['tcp://10.0.0.1:2375', insecure, /only loopback/],
  ['tcp://127.evil.example:2375', insecure, /only loopback/],
  ['tcp://[::]:2375', insecure, /only loopback/],
  ['tcp://127.0.0.1:2375', plain, /add --tlsverify, or --insecure-tcp/],
  ['tcp://127.0.0.1:2376', serverOnly, /--tls does not authenticate clients: .* --insecure-tcp/],
  ['tcp://0.0.0.0:2376', { ...serverOnly, 'insecure-tcp': true }, /without --tlsverify only loopback/],
  ['tcp://127.0.0.1:70000', mutual, /expected tcp:/],
  ['tcp://user@127.0.0.1:1', mutual, /expected tcp:/],
  ['tcp://h:1/path', mutual, /expected tcp:/],
  ['tcp://h:', mutual, /expected tcp:/],
];
for (const [text, rules, message] of refused) {
  test(`D12 D14 parseHostAddress() refuses ${text.slice(0, 50)} ${JSON.stringify(rules)}`, () => {
    assert.throws(() => parseHostAddress(text, rules), { kind: 'invalid', message });
  });
}

test('D10 hostRule() accepts every Host header on a unix socket', () => {
  assert.equal(hostRule({ kind: 'unix', path: '/x' }), undefined);
});

test('D10 hostRule() accepts local names, the listen address and certified names only', () => {
  const allows = hostRule({ kind: 'tcp', hostname: 'FD00::0:1', port: 1 }, (name) => name === 'sure.example');
  const names = ['localhost', '127.0.0.1', '[::1]', '[fd00::1]', 'sure.example', '127.0.0.2', 'evil.example'];
  assert.deepEqual(
    names.map((name) => allows?.(name)),
    [true, true, true, true, true, false, false],
  );
});

test('D10 hostRule() refuses the unspecified address as a host name', () => {
  for (const [hostname, name] of [
    ['0.0.0.0', '0.0.0.0'],
    ['::', '[::]'],
  ] as const) {
    assert.equal(hostRule({ kind: 'tcp', hostname, port: 1 })?.(name), false, name);
  }
});

test('parseHostAddresses() replaces fd:// with the passed sockets', () => {
  const addresses = parseHostAddresses(['unix:///run/x.sock', 'fd://'], plain, [3, 4]);
  assert.deepEqual(addresses.map(formatHostAddress), ['unix:///run/x.sock', 'fd://3', 'fd://4']);
});

test('parseHostAddresses() refuses fd:// when no socket was passed', () => {
  assert.throws(() => parseHostAddresses(['fd://'], plain, []), {
    kind: 'invalid',
    message: /^invalid host "fd:\/\/": no socket was passed/,
  });
});
