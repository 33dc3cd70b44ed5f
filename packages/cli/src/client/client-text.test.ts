import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseApiVersion } from './api-version.ts';
import { defaultAddress, findAddress, parseAddress } from './engine-address.ts';
import { parsePrivileges } from './plugin-documents.ts';
import { readLines } from './read-body.ts';

describe('chooseApiVersion()', () => {
  for (const [name, facts, expected] of [
    ['a daemon of the same age', { offered: '1.51' }, '1.51'],
    ['an older daemon', { offered: '1.41' }, '1.41'],
    ['a newer daemon', { offered: '1.56' }, '1.51'],
    ['a version with two-digit minor', { offered: '1.100' }, '1.51'],
    ['a version that the user fixed', { fixed: '1.30', offered: '1.51' }, '1.30'],
  ] as const) {
    test(`chooses a version for ${name}`, () => assert.equal(chooseApiVersion(facts), expected));
  }

  test('refuses a daemon without plugins or without a version', () => {
    const message = /plugins need API version 1\.25, but the daemon's API version is 1\.24/;
    assert.throws(() => chooseApiVersion({ offered: '1.24' }), message);
    assert.throws(() => chooseApiVersion({}), message);
  });

  test('refuses a malformed version', () => {
    for (const offered of ['1', 'v1.41', '1.41/../..', '']) {
      assert.throws(() => chooseApiVersion({ offered }), /invalid API version/);
    }
  });
});

describe('findAddress()', () => {
  test('prefers the flag, then OUTBOARD_HOST, then DOCKER_HOST', () => {
    const env = { OUTBOARD_HOST: 'unix:///o', DOCKER_HOST: 'unix:///d' };
    assert.equal(findAddress({ host: 'unix:///f' }, env).text, 'unix:///f');
    assert.equal(findAddress({}, env).text, 'unix:///o');
    assert.equal(findAddress({}, { DOCKER_HOST: 'unix:///d' }).text, 'unix:///d');
    assert.equal(findAddress({}, { OUTBOARD_HOST: '', DOCKER_HOST: '' }).text, defaultAddress);
  });

  test('uses TLS on the port of Docker when flags or environment request it', () => {
    const host = 'tcp://h';
    assert.deepEqual(findAddress({ host }, {}), { text: host, host: 'h', port: 2375 });
    const own = (name: string) => ({ path: `/home/me/.docker/${name}.pem`, isRequired: false });
    const verifying = {
      verifies: true,
      authorities: { ...own('ca'), isRequired: true },
      certificate: own('cert'),
      key: own('key'),
    };
    const expected = { text: host, host: 'h', port: 2376, tls: verifying };
    const env = { HOME: '/home/me' };
    assert.deepEqual(findAddress({ host, tlsverify: true }, env), expected);
    assert.deepEqual(findAddress({ host }, { ...env, DOCKER_TLS_VERIFY: '1' }), expected);
    const { authorities: _, ...unverified } = verifying;
    assert.deepEqual(findAddress({ host, tls: true }, env), {
      ...expected,
      tls: { ...unverified, verifies: false },
    });
    assert.deepEqual(findAddress({ host: 'unix:///s', tlsverify: true }, env), {
      text: 'unix:///s',
      socketPath: '/s',
    });
  });

  test('prefers named files to DOCKER_CERT_PATH, and that to DOCKER_CONFIG', () => {
    const flags = { host: 'tcp://h', tlsverify: true, tlscert: 'mine.pem' };
    const address = findAddress(flags, {
      DOCKER_CERT_PATH: '/certs',
      DOCKER_CONFIG: '/config',
      DOCKER_TLS: '',
    });
    assert.deepEqual('tls' in address && address.tls, {
      verifies: true,
      authorities: { path: '/certs/ca.pem', isRequired: true },
      certificate: { path: 'mine.pem', isRequired: true },
      key: { path: '/certs/key.pem', isRequired: false },
    });
    const other = findAddress(flags, { DOCKER_CONFIG: '/config' });
    assert.equal('tls' in other && other.tls?.key.path, '/config/key.pem');
  });
});

describe('parseAddress()', () => {
  for (const [text, expected] of [
    ['unix:///run/o.sock', { socketPath: '/run/o.sock' }],
    ['tcp://127.0.0.1:4243', { host: '127.0.0.1', port: 4243 }],
    ['tcp://[::1]:80', { host: '::1', port: 80 }],
    ['tcp://localhost', { host: 'localhost', port: 2375 }],
  ] as const) {
    test(`reads ${text}`, () => assert.deepEqual(parseAddress(text), { text, ...expected }));
  }

  for (const text of [
    '',
    '/run/o.sock',
    'unix://o.sock',
    'http://h',
    'tcp://h:99999',
    'tcp://u@h:1',
    'tcp://h/p',
    'ssh://h',
  ]) {
    test(`refuses "${text}"`, () => assert.throws(() => parseAddress(text), /invalid host/));
  }
});

describe('parsePrivileges()', () => {
  test('reads null as no privileges, as Docker sends it', () => assert.deepEqual(parsePrivileges(null), []));

  test('refuses malformed privileges, which could not be shown for consent', () => {
    for (const value of [
      {},
      'x',
      [null],
      [{ Name: 1 }],
      [{ Name: 'mount', Value: ['/', 1] }],
      [{ Name: 'a', Value: {} }],
    ]) {
      assert.throws(() => parsePrivileges(value), /is not a/);
    }
  });
});

async function collect(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe('readLines()', () => {
  async function* chunks(...parts: readonly string[]) {
    for (const part of parts) yield Buffer.from(part);
  }

  test('joins lines that arrive in several chunks', async () => {
    const lines = await collect(readLines(chunks('{"a":', '1}\r\n{}\n\r\n{"b"', ':2}'), 100));
    assert.deepEqual(lines, ['{"a":1}', '{}', '{"b":2}']);
  });

  test('decodes characters that are split between chunks', async () => {
    async function* pieces() {
      yield Buffer.from([0xe2, 0x82]);
      yield Buffer.from([0xac, 0x0a]);
    }
    assert.deepEqual(await collect(readLines(pieces(), 100)), ['€']);
  });

  test('refuses an endless line', async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(10, 'x');
    }
    await assert.rejects(collect(readLines(endless(), 100)), /longer than 100 bytes/);
  });
});
