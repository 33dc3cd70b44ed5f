import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

/** A helper that keeps what it is given in a file, and behaves as `docker-credential-pass`. */
const helper = `#!/bin/sh
store="$HELPER_HOME/store"
case $1 in
  store) cat > "$store" ;;
  erase) rm -f "$store" ;;
  get) if [ -e "$store" ]; then cat "$store"; else echo 'credentials not found in native keychain'; exit 1; fi ;;
esac
`;
const brokenHelper = '#!/bin/sh\ncat >/dev/null; echo "keychain is locked"; exit 3\n';

describe('login and logout', () => {
  let home: string;
  const accept = { 'POST /auth': json({ IdentityToken: '', Status: 'Login Succeeded' }) };
  const refuse = {
    'POST /auth': json({ message: 'login attempt failed with status: 401 Unauthorized' }, 401),
  };

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'ob-login-'));
    await writeFile(join(home, 'docker-credential-test'), helper, { mode: 0o755 });
    await writeFile(join(home, 'docker-credential-broken'), brokenHelper, { mode: 0o755 });
  });
  after(() => rm(home, { recursive: true }));

  /** A user without credentials. */
  const newUser = async (config?: object) => {
    const directory = await mkdtemp(join(home, 'user-'));
    const file = join(directory, 'config.json');
    if (config !== undefined) await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    return {
      file,
      env: { DOCKER_CONFIG: directory, PATH: `${home}:/usr/bin:/bin`, HELPER_HOME: directory },
      stored: async () => JSON.parse(await readFile(file, 'utf8')),
    };
  };
  const auth = (pair: string) => ({ auth: Buffer.from(pair).toString('base64') });

  test('asks for user name and password on a terminal, and stores what the registry accepted', async () => {
    const user = await newUser();
    const { code, out, err, daemon } = await run(['login', 'h:5000'], accept, {
      env: user.env,
      typed: 'me\ncanary\r',
    });
    assert.equal(code, 0, err);
    assert.equal(out, 'Log in to h:5000\nUsername: Password: \nLogin Succeeded\n');
    assert.match(err, /^warning: the password is stored unencrypted in .*config\.json; a credential helper/);
    assert.deepEqual(JSON.parse(String(daemon.requests[0]?.body)), {
      username: 'me',
      password: 'canary',
      serveraddress: 'h:5000',
    });
    assert.deepEqual(await user.stored(), { auths: { 'h:5000': auth('me:canary') } });
    assert.equal((await stat(user.file)).mode & 0o777, 0o600);
  });

  test('takes the password from standard input, without its line end', async () => {
    const user = await newUser({ proxies: {}, auths: { other: auth('a:b') } });
    const { code, out } = await run(['login', '-u', 'me', '--password-stdin'], accept, {
      env: user.env,
      input: 'p w \r\n',
    });
    assert.equal(code, 0);
    assert.equal(out, 'Login Succeeded\n');
    assert.deepEqual(await user.stored(), {
      proxies: {},
      auths: { other: auth('a:b'), 'https://index.docker.io/v1/': auth('me:p w ') },
    });
  });

  test('warns of a password in the arguments', async () => {
    const user = await newUser();
    const { code, err } = await run(['login', '-u', 'me', '-p', 'canary', 'h'], accept, { env: user.env });
    assert.equal(code, 0);
    assert.match(err, /^warning: --password shows the password to other users/);
    assert.doesNotMatch(err, /canary/);
  });

  test('stores nothing when the registry refuses, and says who was refused', async () => {
    const user = await newUser({ auths: {} });
    const { code, err } = await run(['login', '-u', 'me', '--password-stdin', 'h'], refuse, {
      env: user.env,
      input: 'canary',
    });
    assert.equal(code, 1);
    assert.match(err, /401 Unauthorized; h refused user "me" or its password, and nothing was stored\n$/);
    assert.doesNotMatch(err, /canary/);
    assert.deepEqual(await user.stored(), { auths: {} });
  });

  test('stores an identity token instead of the password', async () => {
    const user = await newUser();
    const token = { 'POST /auth': json({ IdentityToken: 't0k', Status: 'Login Succeeded' }) };
    const { err } = await run(['login', '-u', 'me', '--password-stdin', 'h'], token, {
      env: user.env,
      input: 'canary',
    });
    assert.equal(err, '');
    assert.deepEqual(await user.stored(), { auths: { h: { ...auth('me:'), identitytoken: 't0k' } } });
    const { daemon } = await run(['login', 'h'], accept, { env: user.env });
    assert.deepEqual(JSON.parse(String(daemon.requests[0]?.body)), {
      identitytoken: 't0k',
      serveraddress: 'h',
    });
  });

  test('tries stored credentials first, and asks when they are refused', async () => {
    const user = await newUser({ auths: { h: auth('me:old') } });
    const again = await run(['login', 'h'], accept, { env: user.env });
    assert.equal(again.code, 0);
    assert.match(
      again.out,
      /existing credentials\.\.\. \[Username: me\]\nLogin Succeeded .*"outboard logout h"/,
    );
    let isFirst = true;
    const changed: typeof accept = {
      'POST /auth': (response, request) => {
        (isFirst ? refuse : accept)['POST /auth'](response, request);
        isFirst = false;
      },
    };
    const { code, out } = await run(['login', 'h'], changed, { env: user.env, typed: '\nnew\r' });
    assert.equal(code, 0);
    assert.match(out, /Username \(me\): Password: \nLogin Succeeded\n$/);
    assert.deepEqual(await user.stored(), { auths: { h: auth('me:new') } });
  });

  test('gives the password to the credential helper, and no file', async () => {
    const user = await newUser({ credHelpers: { h: 'test' } });
    const { code, err } = await run(['login', '-u', 'me', '--password-stdin', 'h'], accept, {
      env: user.env,
      input: 'canary',
    });
    assert.equal(code, 0);
    assert.equal(err, '');
    assert.deepEqual(await user.stored(), { credHelpers: { h: 'test' }, auths: { h: {} } });
    const kept = JSON.parse(await readFile(join(user.env.HELPER_HOME, 'store'), 'utf8'));
    assert.deepEqual(kept, { ServerURL: 'h', Username: 'me', Secret: 'canary' });
    assert.match((await run(['logout', 'h'], {}, { env: user.env })).out, /from docker-credential-test\n$/);
    await assert.rejects(stat(join(user.env.HELPER_HOME, 'store')));
    assert.deepEqual(await user.stored(), { credHelpers: { h: 'test' }, auths: {} });
  });

  for (const [name, config, words, reason] of [
    [
      'a helper that fails',
      { credsStore: 'broken' },
      ['h'],
      /broken store failed with exit code 3: keychain is locked/,
    ],
    [
      'a helper that is not there',
      { credsStore: 'nope' },
      ['h'],
      /cannot run docker-credential-nope: no such program/,
    ],
    [
      'a part of a registry with a helper',
      { credsStore: 'test' },
      ['h/acme'],
      /whole registries only: log in to h, or use --authfile/,
    ],
    ['a registry with a tag', {}, ['h/acme/p:v1'], /invalid registry "h\/acme\/p:v1": it must be HOST/],
  ] as const) {
    test(`fails for ${name}, and stores nothing`, async () => {
      const user = await newUser(config);
      const { code, err } = await run(['login', '-u', 'me', '--password-stdin', ...words], accept, {
        env: user.env,
        input: 'canary',
      });
      assert.equal(code, 1);
      assert.match(err, reason);
      assert.doesNotMatch(err, /canary/);
      assert.deepEqual(await user.stored(), config);
    });
  }

  test('asks nothing for a file that it could not change', async () => {
    const user = await newUser();
    await writeFile(user.file, '{"auths": canary');
    const { code, out, err, daemon } = await run(['login', 'h'], accept, {
      env: user.env,
      typed: 'me\npw\n',
    });
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /config\.json" is not valid JSON: repair it/);
    assert.doesNotMatch(err, /canary/);
    assert.deepEqual(daemon.lines(), []);
  });

  for (const [words, reason] of [
    [['-u', 'me', 'h'], /standard input is not a terminal; use --username and --password-stdin/],
    [['--password-stdin', 'h'], /--password-stdin needs --username/],
    [['-u', 'me', '-p', 'x', '--password-stdin', 'h'], /either --password or --password-stdin/],
    [['-u', 'me', '--password-stdin', 'h'], /the password on standard input is empty/],
  ] as const) {
    test(`refuses ${words.join(' ')} without a terminal`, async () => {
      const { err, code, daemon } = await run(['login', ...words], accept, { env: (await newUser()).env });
      assert.notEqual(code, 0);
      assert.match(err, reason);
      assert.deepEqual(daemon.lines(), []);
    });
  }

  test('--authfile and REGISTRY_AUTH_FILE name the only file, in the form of Podman', async () => {
    const user = await newUser();
    const authFile = join(user.env.DOCKER_CONFIG, 'auth.json');
    const options = { env: { ...user.env, REGISTRY_AUTH_FILE: authFile }, input: 'pw' };
    for (const words of [['docker.io'], ['h'], ['h/acme']]) {
      assert.equal((await run(['login', '-u', 'me', '--password-stdin', ...words], accept, options)).code, 0);
    }
    const entry = auth('me:pw');
    assert.deepEqual(JSON.parse(await readFile(authFile, 'utf8')), {
      auths: { 'docker.io': entry, h: entry, 'h/acme': entry },
    });
    await assert.rejects(stat(user.file));
    const flag = ['--authfile', authFile];
    const first = await run(['logout', ...flag, 'h'], {}, { env: user.env });
    assert.equal(first.out, `Removing login credentials for h from ${authFile}\n`);
    assert.match(first.err, /warning: h\/acme has credentials of its own: outboard logout h\/acme/);
    const second = await run(['logout', ...flag, 'h'], {}, { env: user.env });
    assert.match(second.out, /^Not logged in to h\n$/);
    assert.equal((await run(['logout', ...flag, 'h/acme'], {}, { env: user.env })).code, 0);
    assert.deepEqual(JSON.parse(await readFile(authFile, 'utf8')), { auths: { 'docker.io': entry } });
  });

  test('logout tells where the registry still has credentials', async () => {
    const user = await newUser({ auths: { h: auth('a:b') } });
    await mkdir(join(home, 'containers'));
    await writeFile(join(home, 'containers/auth.json'), JSON.stringify({ auths: { h: auth('c:d') } }));
    const left = await run(['logout', 'h'], {}, { env: { ...user.env, XDG_RUNTIME_DIR: home } });
    assert.equal(left.code, 0);
    assert.ok(
      left.err.includes(
        `h has credentials in ${join(home, 'containers/auth.json')} too: outboard logout --authfile`,
      ),
      left.err,
    );
  });
});
