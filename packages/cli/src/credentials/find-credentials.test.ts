import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createTestHost } from '../testing/test-host.ts';
import { findCredentials } from './find-credentials.ts';
import { encodeRegistryAuth, registryAuthFor } from './registry-auth.ts';

/** A helper that behaves as `docker-credential-pass`. */
const helper = `#!/bin/sh
read server
case "$1 $server" in
  "get https://index.docker.io/v1/") echo '{"ServerURL":"x","Username":"hub","Secret":"pw-hub"}' ;;
  "get token.example.com") echo '{"ServerURL":"x","Username":"<token>","Secret":"t0k"}' ;;
  "get broken.example.com") echo 'S3CRET but no JSON' ;;
  "get locked.example.com") echo 'S3CRET is locked'; exit 1 ;;
  "get large.example.com") head -c 2000000 /dev/zero ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
`;

describe('findCredentials()', () => {
  let home: string;
  const signal = new AbortController().signal;
  const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'ob-credentials-'));
    await writeFile(join(home, 'docker-credential-test'), helper, { mode: 0o755 });
  });
  after(() => rm(home, { recursive: true, force: true }));

  let count = 0;
  /** The environment of a user with that configuration. */
  const none = { XDG_RUNTIME_DIR: '/nonexistent', XDG_CONFIG_HOME: '/nonexistent' };
  const envWith = async (config: object | string) => {
    const directory = join(home, String(count++));
    await mkdir(directory);
    await writeFile(
      join(directory, 'config.json'),
      typeof config === 'string' ? config : JSON.stringify(config),
    );
    return { ...none, DOCKER_CONFIG: directory, PATH: `${home}:${process.env.PATH}` };
  };
  const find = async (domain: string, config: object | string) =>
    (await findCredentials({ domain }, { env: await envWith(config), signal })).credentials;

  test('finds none without a configuration', async () => {
    assert.equal(
      (
        await findCredentials(
          { domain: 'h' },
          { env: { ...none, DOCKER_CONFIG: join(home, 'none') }, signal },
        )
      ).credentials,
      undefined,
    );
  });

  test('reads ~/.docker/config.json without DOCKER_CONFIG', async () => {
    const directory = join(home, 'home');
    await mkdir(join(directory, '.docker'), { recursive: true });
    await writeFile(join(directory, '.docker/config.json'), JSON.stringify({ auths: { h: auth('me:pw') } }));
    assert.deepEqual(
      (await findCredentials({ domain: 'h' }, { env: { ...none, HOME: directory }, signal })).credentials,
      {
        username: 'me',
        password: 'pw',
      },
    );
  });

  for (const [name, domain, auths, expected] of [
    ['a password with colons', 'h:5000', { 'h:5000': auth('me:p:w') }, { username: 'me', password: 'p:w' }],
    [
      'Docker Hub under its old address',
      'docker.io',
      { 'https://index.docker.io/v1/': auth('a:b') },
      { username: 'a', password: 'b' },
    ],
    ['a registry written as a URL', 'h', { 'https://h/v2/': auth('a:b') }, { username: 'a', password: 'b' }],
    [
      'an identity token',
      'h',
      { h: { ...auth('a:b'), identitytoken: 't' } },
      { identityToken: 't', username: 'a' },
    ],
    ['nothing for another registry', 'h', { 'evil-h': auth('a:b'), 'h.evil': auth('a:b') }, undefined],
    ['nothing for another port', 'h:1', { h: auth('a:b') }, undefined],
    ['nothing in an empty entry', 'h', { h: {} }, undefined],
  ] as const) {
    test(`finds ${name} in the file`, async () => assert.deepEqual(await find(domain, { auths }), expected));
  }

  test('asks the helper for all registries, with the key that Docker uses', async () => {
    assert.deepEqual(await find('docker.io', { credsStore: 'test' }), {
      username: 'hub',
      password: 'pw-hub',
    });
    assert.deepEqual(await find('token.example.com', { credsStore: 'test' }), { identityToken: 't0k' });
    assert.equal(await find('other.example.com', { credsStore: 'test' }), undefined);
  });

  test('asks the helper of one registry only for that registry', async () => {
    const config = { credHelpers: { 'token.example.com': 'test' }, auths: { h: auth('a:b') } };
    assert.deepEqual(await find('token.example.com', config), { identityToken: 't0k' });
    assert.deepEqual(await find('h', config), { username: 'a', password: 'b' });
  });

  describe('in several places', () => {
    /** Docker's and Podman's files of a user. */
    const places = async (docker: object | string, podman: object) => {
      const env = await envWith(docker);
      const runtime = join(env.DOCKER_CONFIG, 'run');
      await mkdir(join(runtime, 'containers'), { recursive: true });
      const file = join(runtime, 'containers', 'auth.json');
      await writeFile(file, JSON.stringify(podman), { mode: 0o600 });
      return {
        env: { ...env, XDG_RUNTIME_DIR: runtime },
        file,
        docker: join(env.DOCKER_CONFIG, 'config.json'),
      };
    };
    const of = (username: string) => ({ username, password: 'pw' });

    test('Docker’s file precedes Podman’s, which is used for what the former lacks', async () => {
      const { env, file } = await places(
        { auths: { h: auth('d:pw') } },
        { auths: { h: auth('p:pw'), i: auth('p:pw') } },
      );
      assert.deepEqual((await findCredentials({ domain: 'h' }, { env, signal })).credentials, of('d'));
      const found = await findCredentials({ domain: 'i' }, { env, signal });
      assert.deepEqual([found.credentials, found.source], [of('p'), file]);
    });

    test('the entry for the longest part of the repository counts, and is named', async () => {
      const auths = { h: auth('all:pw'), 'h/acme': auth('acme:pw'), 'h/acme/p': auth('p:pw') };
      const { env, file } = await places({}, { auths });
      for (const [path, user, source] of [
        ['acme/p', 'p', `${file} (h/acme/p)`],
        ['acme/q', 'acme', `${file} (h/acme)`],
        ['other/q', 'all', file],
      ] as const) {
        const found = await findCredentials({ domain: 'h', path }, { env, signal });
        assert.deepEqual([found.credentials, found.source], [of(user), source]);
      }
    });

    test('a place that cannot be read is a warning when another one has credentials', async () => {
      const { env } = await places('{"auths": S3CRET', { auths: { h: auth('p:pw') } });
      const { credentials, warnings } = await findCredentials({ domain: 'h' }, { env, signal });
      assert.deepEqual(credentials, of('p'));
      assert.match(warnings.join(), /config\.json" is not valid JSON/);
      assert.doesNotMatch(warnings.join(), /S3CRET/);
    });

    test('DOCKER_AUTH_CONFIG precedes the files, and a named file is the only one', async () => {
      const { env, file } = await places({ auths: { h: auth('d:pw') } }, { auths: { h: auth('p:pw') } });
      const more = { ...env, DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { h: auth('v:pw') } }) };
      const variable = await findCredentials({ domain: 'h' }, { env: more, signal });
      assert.deepEqual([variable.credentials, variable.source], [of('v'), 'DOCKER_AUTH_CONFIG']);
      for (const options of [{ env: more, authFile: file }, { env: { ...more, REGISTRY_AUTH_FILE: file } }]) {
        assert.deepEqual(
          (await findCredentials({ domain: 'h' }, { ...options, signal })).credentials,
          of('p'),
        );
      }
      const absent = { env: more, authFile: `${file}x`, signal };
      await assert.rejects(findCredentials({ domain: 'h' }, absent), /auth\.jsonx" does not exist/);
    });

    test('without credentials all files that exist are named, and open files are warned of', async () => {
      const { env, file, docker } = await places({ auths: { i: auth('d:pw') } }, {});
      const { source } = await findCredentials({ domain: 'h' }, { env, signal });
      assert.equal(source, `${docker} and ${file}`);
      await chmod(docker, 0o644);
      const { warnings } = await findCredentials({ domain: 'i' }, { env, signal });
      assert.match(warnings.join(), /other users may read it \(mode 0644\): chmod 600 /);
    });
  });

  for (const [name, domain, config, reason] of [
    ['a configuration that is not JSON', 'h', '{"auths": S3CRET', /is not valid JSON/],
    ['an auth that is not base64 of a pair', 'h', { auths: { h: auth('S3CRET') } }, /USER:PASSWORD/],
    ['a helper that is not there', 'h', { credsStore: 'nope' }, /docker-credential-nope: no such program/],
    ['a helper with a path for a name', 'h', { credsStore: '../x' }, /invalid credential helper name/],
    ['an answer that is not JSON', 'broken.example.com', { credsStore: 'test' }, /not JSON/],
    ['a helper that fails', 'locked.example.com', { credsStore: 'test' }, /failed with exit code 1/],
    ['an answer without end', 'large.example.com', { credsStore: 'test' }, /more than 1048576 bytes/],
  ] as const) {
    test(`reports ${name} without secrets`, async () => {
      await assert.rejects(find(domain, config), (error: Error) => {
        assert.match(error.message, reason);
        assert.doesNotMatch(error.message, /S3CRET/);
        return true;
      });
      const host = createTestHost({ env: await envWith(config) });
      assert.equal((await registryAuthFor({ domain }, { host, signal })).header, 'e30=');
      assert.match(host.err(), /^warning: no credentials for /);
      assert.doesNotMatch(host.err(), /S3CRET/);
    });
  }
});

describe('encodeRegistryAuth()', () => {
  const decode = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString());

  test('is padded and safe for URLs, the only form that Docker 20.10 accepts', () => {
    const header = encodeRegistryAuth({ username: 'ü>?', password: 'ÿÿ~~?' }, 'h');
    assert.match(header, /^[\w-]+={0,2}$/);
    assert.equal(header.length % 4, 0);
    assert.deepEqual(decode(header), { username: 'ü>?', password: 'ÿÿ~~?', serveraddress: 'h' });
  });

  test('equals that of docker without credentials', () =>
    assert.equal(encodeRegistryAuth(undefined, 'h'), 'e30='));

  test('carries an identity token', () => {
    assert.deepEqual(decode(encodeRegistryAuth({ identityToken: 't' }, 'h')), {
      identitytoken: 't',
      serveraddress: 'h',
    });
  });
});
