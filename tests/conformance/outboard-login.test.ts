/**
 * `outboard login` and `logout` with real registries, and what docker, Podman and Outboard make of the credentials that
 * each of them stored.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';
import { registryPassword, startRegistry, type TestRegistry } from '../support/registry.ts';
import { startTokenRegistry, type TokenRegistry, tokenUser } from '../support/token-registry.ts';

const outboard = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
const user = 'someone';

describe('outboard login', () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let withPassword: TestRegistry;
  let open: TestRegistry;
  let withTokens: TokenRegistry;
  let daemon: TestDaemon;
  let published: string;
  /** Home directory of one user: of one test. */
  let directory: string;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    const auth = { username: user, password: registryPassword };
    [withPassword, open] = await Promise.all([startRegistry({ auth }), startRegistry()]);
    withTokens = await startTokenRegistry(open.host);
    daemon = await startDaemon({ home, args: ['--log-level', 'trace'] });
    await writePluginContext(join(home, 'context'));
    published = `${withPassword.host}/acme/p:v1`;
    directory = await mkdtemp(join(home, 'user-'));
    await logIn(withPassword.host);
    await succeed('outboard', 'create', published, join(home, 'context'));
    await succeed('outboard', 'push', published);
    await succeed('outboard', 'rm', published);
  });

  after(async () => {
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await withTokens.stop();
    await Promise.all([withPassword.stop(), open.stop()]);
    await removeHome();
  });

  beforeEach(async () => {
    directory = await mkdtemp(join(home, 'user-'));
    await mkdir(join(directory, 'run'), { mode: 0o700 });
  });

  const environment = () => ({
    PATH: process.env.PATH,
    HOME: directory,
    XDG_RUNTIME_DIR: join(directory, 'run'),
    OUTBOARD_HOST: `unix://${daemon.socket}`,
    DOCKER_HOST: `unix://${daemon.socket}`,
  });

  async function run(words: readonly string[], input = '') {
    const [name = '', ...args] = words;
    // Podman opens its storage for every command.
    const place = ['--root', join(directory, 'storage'), '--runroot', join(directory, 'run/storage')];
    const all = name === 'podman' ? [...place, ...args] : args;
    const child = spawn(name === 'outboard' ? outboard : name, all, { env: environment() });
    child.stdin.on('error', () => undefined); // A command that reads nothing may end before it is written.
    child.stdin.end(input);
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { code, stdout, stderr };
  }

  async function succeed(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(words);
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  const logIn = (server: string, password = registryPassword, name = user, flags: readonly string[] = []) =>
    run(['outboard', 'login', '-u', name, '--password-stdin', ...flags, server], password);

  const stored = async () => JSON.parse(await readFile(join(directory, '.docker/config.json'), 'utf8'));

  test('stores a password that docker, Podman and Outboard use', async () => {
    const { code, stdout, stderr } = await logIn(withPassword.host);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'Login Succeeded\n');
    assert.equal((await stat(join(directory, '.docker/config.json'))).mode & 0o777, 0o600);
    const install = ['plugin', 'install', '--disable', '--grant-all-permissions', published];
    await succeed('docker', ...install);
    await succeed('outboard', 'rm', published);
    const said = await succeed('podman', 'login', '--tls-verify=false', withPassword.host);
    assert.match(said, /Existing credentials are valid/);
    assert.match(
      await succeed('outboard', 'login', withPassword.host),
      /\[Username: someone\]\nLogin Succeeded/,
    );
    assert.match(await succeed('docker', 'logout', withPassword.host), /Removing login credentials/);
    assert.match(await succeed('outboard', 'logout', withPassword.host), /^Not logged in to /);
  });

  test('uses what docker stored', async () => {
    await run(['docker', 'login', '-u', user, '--password-stdin', withPassword.host], registryPassword);
    await succeed('outboard', 'privileges', published);
    assert.match(await succeed('outboard', 'logout', withPassword.host), /^Removing login credentials for /);
    assert.deepEqual((await stored()).auths, {});
  });

  test('uses what Podman stored, for a part of a registry in that part only', async () => {
    const { host } = withPassword;
    const podman = (name: string) =>
      run(['podman', 'login', '--tls-verify=false', '-u', user, '--password-stdin', name], registryPassword);
    assert.equal((await podman(`${host}/acme`)).code, 0);
    await succeed('outboard', 'privileges', published);
    const { code, stderr } = await run(['outboard', 'privileges', `${host}/other/p:v1`]);
    assert.equal(code, 1);
    const file = join(directory, 'run/containers/auth.json');
    assert.ok(
      stderr.endsWith(
        `registry "${host}" was asked for repository "other/p" without credentials; no credentials were sent: ` +
          `${file} has none for ${host}; to log in, type: outboard login ${host}\n`,
      ),
      stderr,
    );
    assert.equal((await podman(host)).code, 0);
    assert.match((await run(['outboard', 'privileges', `${host}/other/p:v1`])).stderr, /not found/);
  });

  test('stores an identity token, which docker uses too, and says whose it is when it expired', async () => {
    const { host } = withTokens;
    const { code, stderr } = await logIn(host, tokenUser.password, tokenUser.username);
    assert.equal(code, 0, stderr);
    const { auths } = await stored();
    assert.match(auths[host].identitytoken, /^refresh-/);
    assert.equal(Buffer.from(auths[host].auth, 'base64').toString(), `${tokenUser.username}:`);
    const name = `${host}/acme/p:v1`;
    await succeed('docker', 'plugin', 'create', name, join(home, 'context'));
    await succeed('docker', 'plugin', 'push', name);
    await succeed('outboard', 'push', name);
    withTokens.expireRefreshTokens();
    await succeed('outboard', 'rm', name);
    // Another repository, since the daemon keeps tokens for their time.
    const expired = await run(['outboard', 'privileges', `${host}/acme/q:v1`]);
    assert.equal(expired.code, 1);
    assert.match(
      expired.stderr,
      new RegExp(
        `the token server of registry "${host}" refused the credentials of an identity token, which may have expired for ` +
          `repository "acme/q"; the credentials sent were those of an identity token of user "${tokenUser.username}"`,
      ),
    );
    assert.ok(
      expired.stderr.endsWith(`config.json; to log in, type: outboard login ${host}\n`),
      expired.stderr,
    );
  });

  test('stores nothing when a registry refuses', async () => {
    for (const [host, name] of [
      [withPassword.host, user],
      [withTokens.host, tokenUser.username],
    ] as const) {
      const { code, stderr } = await logIn(host, 'canary-wrong', name);
      assert.equal(code, 1);
      assert.ok(
        stderr.includes(`${host} refused user "${name}" or its password, and nothing was stored`),
        stderr,
      );
      await assert.rejects(stored());
    }
  });

  test('logins at once do not lose one another', async () => {
    const names = ['', '/a', '/b', '/c'].map((part) => `${withPassword.host}${part}`);
    const codes = await Promise.all(names.map(async (name) => (await logIn(name)).code));
    assert.deepEqual(codes, [0, 0, 0, 0]);
    assert.deepEqual(Object.keys((await stored()).auths).sort(), names.sort());
  });

  test('--authfile is Podman’s file', async () => {
    const file = join(directory, 'auth.json');
    const flag = ['--authfile', file];
    assert.equal((await logIn(withPassword.host, registryPassword, user, flag)).code, 0);
    assert.match(
      await succeed('podman', 'login', '--tls-verify=false', ...flag, withPassword.host),
      /Existing credentials are valid/,
    );
    await succeed('outboard', 'privileges', ...flag, published);
    assert.match((await run(['outboard', 'privileges', published])).stderr, /without credentials/);
    assert.equal(
      await succeed('outboard', 'logout', ...flag, withPassword.host),
      `Removing login credentials for ${withPassword.host} from ${file}\n`,
    );
    const absent = await run(['outboard', 'privileges', '--authfile', `${file}x`, published]);
    assert.match(
      absent.stderr,
      /^warning: no credentials for .*: ".*auth\.jsonx" does not exist \(--authfile/,
    );
  });

  /** Run a login on a terminal, and type after its texts. */
  async function atTerminal(typed: readonly (readonly [cue: string, keys: string])[]) {
    const command = `exec '${process.execPath}' '${outboard}' login ${withPassword.host}`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: environment(),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let screen = '';
    const left = [...typed];
    child.stdout.on('data', (chunk) => {
      screen += chunk;
      const [cue, keys] = left[0] ?? [];
      if (cue === undefined || !screen.includes(cue)) return;
      left.shift();
      child.stdin.write(keys);
    });
    const [code] = await once(child, 'close');
    return { code, screen };
  }

  test('asks on a terminal, and does not show the password', async () => {
    const { code, screen } = await atTerminal([
      ['Username: ', `${user}\r`],
      ['Password: ', `wrong\x15${registryPassword}x\x7f\r`],
    ]);
    assert.equal(code, 0, screen);
    assert.doesNotMatch(screen, new RegExp(`wrong|${registryPassword}`));
    assert.match(screen, /Password: \r\n.*Login Succeeded\r\n$/s);
    assert.ok((await stored()).auths[withPassword.host]);
  });

  test('ends with Ctrl-C at the password', async () => {
    const { code } = await atTerminal([
      ['Username: ', `${user}\r`],
      ['Password: ', 'sec\x03'],
    ]);
    assert.equal(code, 130);
    await assert.rejects(stored());
  });

  test('D16 the log of the daemon contains no password and no token', () => {
    assert.match(daemon.log(), /"path":"\/v1\.\d+\/auth"/);
    assert.doesNotMatch(daemon.log(), /canary|refresh-|"secret"/);
  });
});
