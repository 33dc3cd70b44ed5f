/**
 * Daemons on other hosts, through OpenSSH's client and server.
 */
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { needsPrograms } from '../support/packed-programs.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { makeSshHosts } from '../support/ssh-host.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
const needed = ['/usr/sbin/sshd', '/usr/bin/ssh', '/usr/bin/docker'];

describe('a daemon on a host that SSH reaches', { skip: needsRoot || needsPrograms(...needed) }, () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let daemon: TestDaemon;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    daemon = await startDaemon({ home });
    const api = pluginApi(daemon.socket);
    await api.create('light', perlPluginArchive());
    await api.enable('light');
    const here = `export OUTBOARD_HOST=unix://${daemon.socket}\nexec '${process.execPath}' '${program}' "$@"`;
    const docker = `export DOCKER_HOST=unix://${daemon.socket}\nexec /usr/bin/docker "$@"`;
    const refused = (name: string) => `echo "this is ${name}: $*" >&2; exit 1`;
    const hosts = makeSshHosts(home, {
      outboard: { outboard: here },
      docker: { docker },
      both: { outboard: refused('outboard'), docker: refused('docker') },
      bare: {},
    });
    await mkdir(join(home, 'user'));
    env = {
      PATH: `${hosts.programs}:${process.env.PATH}`,
      HOME: join(home, 'user'),
      DOCKER_CONFIG: join(home, 'user'),
    };
  });
  after(async () => {
    await callApi(daemon.socket, 'DELETE', '/plugins/light:latest?force=1');
    await daemon.end('SIGTERM');
    await removeHome();
  });

  function outboard(argv: readonly string[], more: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
    return spawnSync(process.execPath, [program, ...argv], { env: { ...env, ...more }, encoding: 'utf8' });
  }

  for (const host of ['outboard', 'docker']) {
    test(`works through the program ${host} of that host`, () => {
      const { status, stdout, stderr } = outboard(['--host', `ssh://${host}`, 'ls', '--format', '{{.Name}}']);
      assert.deepEqual([status, stdout, stderr], [0, 'light:latest\n', '']);
    });

    test(`passes the input of a command and its end, through ${host}`, async () => {
      const argv = ['--host', `ssh://root@${host}`, 'exec', '-i', 'light', 'cat'];
      const child = spawn(process.execPath, [program, ...argv], { env, stdio: 'pipe' });
      child.stdin.end('from here\n');
      const ended = once(child, 'exit');
      assert.deepEqual([await text(child.stdout), await text(child.stderr)], ['from here\n', '']);
      assert.deepEqual(await ended, [0, null]);
    });
  }

  test('talks to the socket in the address', () => {
    const { stderr, stdout } = outboard(['-H', `ssh://outboard${daemon.socket}`, 'ls', '-q']);
    assert.match(stdout, /^[0-9a-f]{12}\n$/, stderr);
    const absent = outboard(['-H', 'ssh://outboard/run/none.sock', 'ls']);
    assert.equal(absent.status, 1);
    assert.match(
      absent.stderr,
      /^cannot connect to the daemon at ssh:\/\/outboard\/run\/none\.sock: .*cannot connect to the daemon at unix:\/\/\/run\/none\.sock: is it running\?/,
    );
  });

  test('prefers outboard on a host with both, except where docker would go', async () => {
    const asked = (argv: readonly string[], more: NodeJS.ProcessEnv) =>
      /this is .*/.exec(outboard(argv, more).stderr)?.[0];
    const url = 'ssh://both';
    const [own, dockers] = ['this is outboard: dial-stdio', 'this is docker: system dial-stdio'];
    assert.equal(asked(['-H', url, 'ls'], {}), own);
    assert.equal(asked(['ls'], { OUTBOARD_HOST: url }), own);
    assert.equal(asked(['ls'], { DOCKER_HOST: url }), dockers);
    const made = spawnSync('docker', ['context', 'create', 'far', '--docker', `host=${url}`], { env });
    assert.equal(made.status, 0, String(made.stderr));
    assert.equal(asked(['-c', 'far', 'ls'], {}), dockers);
    assert.equal(asked(['ls'], { DOCKER_CONTEXT: 'far' }), dockers);
  });

  for (const [host, reason] of [
    ['bare', /neither outboard nor docker is in the PATH of this host\n$/],
    ['stranger', /Host key verification failed\.; connect once by hand with ssh/],
    ['locked', /Permission denied \(publickey\)\.; outboard does not ask for passwords/],
    ['no-such-host.invalid', /Could not resolve hostname no-such-host\.invalid/],
  ] as const) {
    test(`says why ${host} cannot be reached`, () => {
      const { status, stdout, stderr } = outboard(['-H', `ssh://${host}`, 'ls']);
      assert.deepEqual([status, stdout], [1, '']);
      assert.ok(stderr.startsWith(`cannot connect to the daemon at ssh://${host}: `), stderr);
      assert.match(stderr, reason);
    });
  }

  test('says that ssh is missing', () => {
    const { status, stderr } = outboard(['-H', 'ssh://outboard', 'ls'], { PATH: '/none' });
    assert.equal(status, 1);
    assert.match(stderr, /there is no program "ssh" in PATH \(Debian: openssh-client\)\n$/);
  });
});
