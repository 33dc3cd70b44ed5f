import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseInsecureList, registryHost, trustOf } from './registry-host.ts';

describe('registryHost()', () => {
  const cases = [
    ['docker.io', 'registry-1.docker.io', 'registry-1.docker.io'],
    ['registry.example:5000', 'registry.example:5000', 'registry.example'],
    ['[::1]:5000', '[::1]:5000', '::1'],
  ] as const;
  for (const [domain, host, hostname] of cases) {
    it(`maps ${domain} to ${host}`, () => assert.deepEqual(registryHost(domain), { host, hostname }));
  }
  for (const domain of [
    '',
    'a/b',
    'user@host',
    'host?x',
    'host#x',
    'host:99999',
    'ho st',
    'host\\evil',
    'ho\nst',
  ]) {
    it(`refuses ${JSON.stringify(domain)}`, () =>
      assert.throws(() => registryHost(domain), { kind: 'invalid' }));
  }
});

describe('trustOf()', () => {
  const list = parseInsecureList(['plain.example:5000', '10.0.0.0/8', '[::1]:7000']);
  const cases = [
    ['plain.example:5000', [], 'insecure'],
    ['PLAIN.example:5000', [], 'insecure'],
    ['plain.example:5001', [], 'strict'],
    ['plain.example', [], 'strict'],
    ['10.9.8.7:443', [], 'insecure'],
    ['internal.example', ['10.0.0.1'], 'insecure'],
    ['internal.example', ['11.0.0.1'], 'strict'],
    ['localhost:5000', [], 'loopback'],
    ['127.8.8.8', [], 'loopback'],
    ['[::1]:5000', [], 'loopback'],
    ['[::1]:7000', [], 'insecure'],
    ['docker.io', [], 'strict'],
    ['localhost.example', [], 'strict'],
  ] as const;
  for (const [domain, addresses, want] of cases) {
    it(`R34 ${domain} at [${addresses}] is ${want}`, () => {
      assert.equal(trustOf(registryHost(domain), list, addresses), want);
    });
  }

  it('refuses a malformed entry of the list', () => {
    assert.throws(() => parseInsecureList(['http://registry.example']), { kind: 'invalid' });
  });
});
