import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalHostName, parseHostHeader } from './host-name.ts';

const headers: readonly [header: string, name: string | undefined][] = [
  ['localhost', 'localhost'],
  ['LocalHost:2375', 'localhost'],
  ['127.0.0.1:2375', '127.0.0.1'],
  ['[::1]', '[::1]'],
  ['[0:0::0:1]:2375', '[::1]'],
  ['[::ffff:127.0.0.1]:1', '127.0.0.1'],
  ['2130706433', '2130706433'],
  ['', undefined],
  [':2375', undefined],
  ['::1', undefined],
  ['localhost:2375:1', undefined],
  ['localhost@evil.example', undefined],
  ['localhost/', undefined],
  ['localhost evil.example', undefined],
  ['localhost,evil.example', undefined],
  [`${'a'.repeat(254)}`, undefined],
];
for (const [header, name] of headers) {
  test(`D10 parseHostHeader() ${name === undefined ? 'refuses' : 'reads'} ${JSON.stringify(header.slice(0, 30))}`, () => {
    assert.equal(parseHostHeader(header), name);
  });
}

test('canonicalHostName() normalizes the addresses of certificates and sockets', () => {
  assert.equal(canonicalHostName('FD00:0:0:0:0:0:0:1'), '[fd00::1]');
  assert.equal(canonicalHostName('fe80::1%eth0'), '[fe80::1]');
  assert.equal(canonicalHostName('::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(canonicalHostName('Example.COM'), 'example.com');
});
