/**
 * `docker login`, and the use of its result by the stock docker CLI: a password at a registry with Basic
 * authentication, an identity token at one with a token server.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';
import { registryPassword, startRegistry, type TestRegistry } from '../support/registry.ts';
import { startTokenRegistry, type TokenRegistry, tokenUser } from '../support/token-registry.ts';

const json = { 'content-type': 'application/json' };

describe('docker login', () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let withPassword: TestRegistry;
  let open: TestRegistry;
  let withTokens: TokenRegistry;
  let daemon: TestDaemon;
  let docker: DockerCli;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    const auth = { username: 'someone', password: registryPassword };
    [withPassword, open] = await Promise.all([startRegistry({ auth }), startRegistry()]);
    withTokens = await startTokenRegistry(open.host);
    daemon = await startDaemon({ home, args: ['--log-level', 'trace'] });
    docker = await createDockerCli(daemon.socket);
    await writePluginContext(join(home, 'context'));
  });

  after(async () => {
    await docker.remove();
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await withTokens.stop();
    await Promise.all([withPassword.stop(), open.stop()]);
    await removeHome();
  });

  const logIn = (host: string, username: string, password: string) =>
    docker.run(['login', '--username', username, '--password-stdin', host], password);

  /** Registries with stored credentials. */
  async function storedAuths(): Promise<Record<string, { auth?: string; identitytoken?: string }>> {
    return JSON.parse(await readFile(join(docker.config, 'config.json'), 'utf8')).auths;
  }

  async function createPushRemove(name: string): Promise<void> {
    await docker.succeed('plugin', 'create', name, join(home, 'context'));
    await docker.succeed('plugin', 'push', name);
    await docker.succeed('plugin', 'rm', name);
  }

  test('refuses a wrong password with the error text of Docker', async () => {
    const { code, stderr } = await logIn(withPassword.host, 'someone', 'canary-wrong');
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(
        `Error response from daemon: login attempt to http://${withPassword.host}/v2/ failed with status: 401 Unauthorized\n$`,
      ),
    );
  });

  test('a refused request names the registry, the repository and the command to type', async () => {
    const { host } = withPassword;
    const path = `/plugins/privileges?remote=${host}/acme/p:v1`;
    const { status, text: answer } = await callApi(daemon.socket, 'GET', path);
    assert.equal(status, 401);
    const { message } = JSON.parse(answer);
    assert.ok(
      message.endsWith(
        `registry "${host}" was asked for repository "acme/p" without credentials; to log in, type: outboard login ${host} (or docker login ${host})`,
      ),
      message,
    );
  });

  test('accepts a password, which push and install then use', async () => {
    const { code, stdout, stderr } = await logIn(withPassword.host, 'someone', registryPassword);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Login Succeeded\n/);
    const name = `${withPassword.host}/acme/p:v1`;
    await createPushRemove(name);
    await docker.succeed('plugin', 'install', '--disable', '--grant-all-permissions', name);
    await docker.succeed('plugin', 'rm', name);
  });

  test('shows the reason of a token server’s refusal', async () => {
    const { code, stderr } = await logIn(withTokens.host, tokenUser.username, 'canary-wrong');
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(
        `Error response from daemon: Get "http://${withTokens.host}/v2/": unauthorized: incorrect username or password\n$`,
      ),
    );
    assert.deepEqual(withTokens.grants, []);
  });

  test('accepts an identity token, which push and install then use instead of the password', async () => {
    const { code, stderr } = await logIn(withTokens.host, tokenUser.username, tokenUser.password);
    assert.equal(code, 0, stderr);
    const stored = (await storedAuths())[withTokens.host];
    assert.match(stored?.identitytoken ?? '', /^refresh-/);
    assert.deepEqual(withTokens.grants, [{ by: 'password', scopes: [] }]);

    const name = `${withTokens.host}/acme/p:v1`;
    await createPushRemove(name);
    await docker.succeed('plugin', 'install', '--disable', '--grant-all-permissions', name);
    await docker.succeed('plugin', 'rm', name);
    const [, ...later] = withTokens.grants;
    assert.ok(later.length > 0, 'no token was asked for');
    for (const { by, scopes } of later) {
      assert.equal(by, 'refresh_token');
      assert.match(
        scopes.join(' '),
        /^repository:acme\/p:pull(,push)? repository\(plugin\):acme\/p:pull(,push)?$/,
      );
    }
  });

  test('reports nothing for a registry without authentication', async () => {
    assert.equal((await logIn(open.host, 'anyone', 'canary-anything')).code, 0);
  });

  test('answers as Docker does', async () => {
    const post = (body: string, headers = json) =>
      callApi(daemon.socket, 'POST', '/v1.41/auth', { headers, body });
    const good = {
      username: 'someone',
      password: registryPassword,
      email: '',
      serveraddress: withPassword.host,
    };
    const accepted = await post(JSON.stringify(good));
    assert.deepEqual(accepted, { status: 200, text: '{"IdentityToken":"","Status":"Login Succeeded"}\n' });

    const cases: readonly [body: string, status: number, message: RegExp][] = [
      [
        JSON.stringify({ ...good, password: 'canary-wrong' }),
        401,
        /^login attempt to http:.* failed with status: 401 Unauth/,
      ],
      [JSON.stringify({ serveraddress: withPassword.host }), 401, /^login attempt to /],
      [
        JSON.stringify({ ...good, serveraddress: '127.0.0.1:1' }),
        503,
        /^registry "127\.0\.0\.1:1" cannot be reached: /,
      ],
      [
        JSON.stringify({ ...good, serveraddress: 'https://u:canary-p@h' }),
        400,
        /^invalid server address "\*\*\*@h"/,
      ],
      ['', 400, /^invalid X-Registry-Auth header: invalid JSON: EOF$/],
      ['{"username":"canary', 400, /^invalid X-Registry-Auth header: invalid JSON: /],
      ['[]', 400, /^invalid X-Registry-Auth header: invalid JSON: expected an object$/],
      ['null', 400, /^invalid X-Registry-Auth header: invalid JSON: expected an object$/],
    ];
    for (const [body, status, message] of cases) {
      const answer = await post(body);
      assert.equal(answer.status, status, `${body}: ${answer.text}`);
      assert.match(JSON.parse(answer.text).message, message);
      assert.doesNotMatch(answer.text, /canary/);
    }
    const tooLarge = await post(JSON.stringify({ username: 'x'.repeat(5 * 1024 * 1024) }));
    assert.equal(tooLarge.status, 413);
    const page = await post(JSON.stringify(good), { 'content-type': 'text/plain' });
    assert.equal(page.status, 400);
    assert.match(page.text, /unsupported Content-Type header \(text\/plain\)/);
  });

  test('every form of X-Registry-Auth authenticates to a registry with a password', async () => {
    const name = `${withPassword.host}/acme/p:v1`;
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64');
    const pair = { username: 'someone', password: registryPassword };
    const auth = Buffer.from(`someone:${registryPassword}`).toString('base64');
    // The length makes base64 add padding and use + and / of the standard alphabet.
    const padded = encode({ ...pair, email: '>>>???~~~' });
    assert.match(padded, /\+.*=$|\/.*=$/);
    const privileges = (header: string | undefined) =>
      callApi(daemon.socket, 'GET', `/plugins/privileges?remote=${name}`, {
        headers: header === undefined ? {} : { 'x-registry-auth': header },
      });
    for (const [form, header] of [
      ['standard, padded', padded],
      ['standard, not padded', padded.replace(/=+$/, '')],
      ['url-safe, padded', padded.replaceAll('+', '-').replaceAll('/', '_')],
      ['url-safe, not padded', padded.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')],
      ['auth alone', encode({ auth })],
      ['keys of another case', encode({ UserName: pair.username, PASSWORD: pair.password })],
    ] as const) {
      const answer = await privileges(header);
      assert.equal(answer.status, 200, `${form}: ${answer.text}`);
    }
    for (const [form, header] of [
      ['none', undefined],
      ['empty', ''],
      ['of the CLI without credentials', 'e30='],
      ['undecodable', '%%%'],
      ['not encoded', JSON.stringify(pair)],
      ['a wrong password', encode({ ...pair, password: 'canary-wrong' })],
      ['a registry token that is none', encode({ registrytoken: 'canary-token' })],
    ] as const) {
      const answer = await privileges(header);
      assert.equal(answer.status, 401, `${form}: ${answer.text}`);
    }
  });

  test('D16 the log contains no password and no token', () => {
    assert.match(daemon.log(), /"path":"\/v1\.\d+\/auth"/);
    assert.doesNotMatch(daemon.log(), /canary|refresh-|"secret"/);
  });
});
