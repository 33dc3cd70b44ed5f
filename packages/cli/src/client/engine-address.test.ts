import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AddressFlags, defaultAddress, findAddress, parseAddress } from './engine-address.ts';

describe('findAddress()', () => {
  test('prefers the flag, then OUTBOARD_HOST, then DOCKER_HOST', () => {
    const env = { OUTBOARD_HOST: 'unix:///o', DOCKER_HOST: 'unix:///d' };
    assert.equal(findAddress({ host: 'unix:///f' }, env).text, 'unix:///f');
    assert.equal(findAddress({}, env).text, 'unix:///o');
    assert.equal(findAddress({}, { DOCKER_HOST: 'unix:///d' }).text, 'unix:///d');
    const empty = { OUTBOARD_HOST: '', DOCKER_HOST: '', DOCKER_CONFIG: '/nonexistent' };
    assert.equal(findAddress({}, empty).text, defaultAddress);
    assert.equal(findAddress({ context: 'default' }, { DOCKER_CONTEXT: 'x' }).text, defaultAddress);
    assert.equal(findAddress({}, { DOCKER_CONTEXT: 'default' }).text, defaultAddress);
  });

  test('reaches by SSH the docker of a host that DOCKER_HOST names, and else its outboard', () => {
    const ssh = (flags: AddressFlags, env: Readonly<Record<string, string>>) => {
      const address = findAddress(flags, env);
      return 'ssh' in address && address.ssh.prefersDocker;
    };
    assert.equal(ssh({ host: 'ssh://h' }, { DOCKER_HOST: 'ssh://d' }), false);
    assert.equal(ssh({}, { OUTBOARD_HOST: 'ssh://h' }), false);
    assert.equal(ssh({}, { DOCKER_HOST: 'ssh://h' }), true);
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
    'npipe://h',
  ]) {
    test(`refuses "${text}"`, () => assert.throws(() => parseAddress(text), /invalid host/));
  }
});
