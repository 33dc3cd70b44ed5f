/**
 * Plugins whose root filesystem holds one static program: what `exec` says about missing programs, the tools of the host for
 * one command, and `debug`.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { fixtureSocket, pluginConfigDocument } from '../support/plugin-fixture.ts';
import { slowed } from '../support/slowness.ts';
import { tarArchive } from '../support/tar.ts';
import { type TlsFiles, tcpPort, writeTlsFiles } from '../support/tls-files.ts';

const outboard = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

describe('a plugin without a shell', { skip: needsRoot }, () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let files: TlsFiles;
  let daemon: TestDaemon;
  let id: string;
  let server: Server;
  let treeBefore: string;
  let mountsBefore: string;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    files = await writeTlsFiles(home);
    daemon = await startDaemon({ home, args: files.args });
    ({ id, server } = await enable('p'));
    treeBefore = tree();
    mountsBefore = mountsOfPlugin();
  });

  after(async () => {
    server.close();
    await pluginApi(daemon.socket).remove('p', { force: true });
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  /** Create and enable a plugin, and serve its socket in its place: its program only sleeps. */
  async function enable(name: string, ...options: readonly string[]) {
    const api = pluginApi(daemon.socket);
    await api.create(name, staticPlugin());
    // The program ignores SIGTERM, as first processes do.
    await succeed('update', '--stop-timeout', '0', ...options, name);
    const { Id } = JSON.parse(await succeed('inspect', '-f', '{{json .}}', name));
    const enabled = api.enable(name);
    const server = await listenIn(join(daemon.execRoot, 'plugins', Id));
    await enabled;
    return { id: String(Id), server };
  }

  async function run(words: readonly string[], input?: string, more: Readonly<Record<string, string>> = {}) {
    const env = {
      ...process.env,
      OUTBOARD_HOST: `unix://${daemon.socket}`,
      CANARY: 'from the client',
      ...more,
    };
    const child = spawn(outboard, words, { env });
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

  const rootfs = () => join(daemon.dataRoot, 'plugins', id, 'rootfs');
  const tree = () => readdirSync(rootfs(), { recursive: true }).sort().join('\n');
  const mountsOfPlugin = () => readFileSync(`/proc/${pidOfPlugin()}/mounts`, 'utf8');
  const pidOfPlugin = () =>
    Number(readFileSync(join(daemon.execRoot, 'bundles', id, 'container.pid'), 'utf8').trim());
  const assertUntouched = () => {
    assert.equal(tree(), treeBefore);
    assert.equal(mountsOfPlugin(), mountsBefore);
    assert.deepEqual(
      readdirSync(join(daemon.execRoot, 'bundles', id)).filter((name) => name.startsWith('exec-')),
      [],
    );
    assert.doesNotMatch(readFileSync('/proc/self/mounts', 'utf8'), new RegExp(`${daemon.execRoot}.*exec-`));
  };

  test('exec says that the program is missing, and what to type', async () => {
    const { code, stderr } = await run(['exec', 'p', 'sh']);
    assert.equal(code, 127);
    assert.match(
      stderr,
      /plugin p:latest has no program "sh"; to run it from the busybox of the host, type: outboard exec --tools p:latest sh; for a shell with the programs of the host, type: outboard debug p:latest\n$/,
    );
  });

  test('exec --tools runs the programs of a busybox, also from each other, and leaves nothing', async () => {
    const script =
      'ls / | head -n 20; find /busybox-plugin -exec wc -c {} +; echo "$PATH"; env | sort | cut -d= -f1';
    const said = await succeed('exec', '--tools', 'p', 'sh', '-c', script);
    assert.match(said, /^busybox-plugin\ndev\n/);
    assert.match(said, /\d+ \/busybox-plugin\n.*:\/proc\/self\/fd\/3\n/s);
    assert.equal((await run(['exec', '--tools', '-i', 'p', 'cat'], 'input\n')).stdout, 'input\n');
    assert.equal((await run(['exec', '--tools', '-u', '33', 'p', 'sh', '-c', 'id -u; exit 7'])).code, 7);
    assertUntouched();
  });

  test('exec --tools is confined as the plugin: no way to the host, nothing to change', async () => {
    const status = 'cat /proc/self/status | grep -E "^(Cap|Seccomp:|NoNewPrivs)"';
    const own = await succeed(
      'exec',
      'p',
      '/busybox-plugin',
      'sh',
      '-c',
      status.replace('cat', '/busybox-plugin cat').replace('grep', '/busybox-plugin grep'),
    );
    assert.equal(await succeed('exec', '--tools', 'p', 'sh', '-c', status), own);
    const wayOut =
      'cd /proc/self/fd/3/../../.. && pwd -P; ls /proc/self/fd/3/../../../ | wc -l; ls /proc/self/fd/3/ | wc -l; echo x > /proc/self/fd/3/sh; rm /proc/self/fd/3/sh';
    const { stdout, stderr } = await run(['exec', '--tools', 'p', 'sh', '-c', wayOut]);
    const [above, tools] = stdout.split('\n').slice(-3).map(Number);
    assert.equal(above, tools, `the root of the tools has no parent: ${stdout}`);
    assert.match(stderr, /Read-only file system.*Read-only file system/s);
    const seen = await succeed('exec', '--tools', 'p', 'sh', '-c', 'ls /proc/1/fd/');
    assert.doesNotMatch(seen, /^3$/m, 'the plugin itself has no tools');
    assertUntouched();
  });

  test('exec --tools works with a read-only root filesystem', async () => {
    const readOnly = await enable('r', '--read-only');
    const { stdout, stderr } = await run(['exec', '--tools', 'r', 'sh', '-c', 'touch /x; echo ok']);
    assert.equal(stdout, 'ok\n');
    assert.match(stderr, /Read-only file system/);
    readOnly.server.close();
    await succeed('rm', '--force', 'r');
  });

  test('debug runs programs of the host in the namespaces of the plugin', async () => {
    const script =
      'readlink /proc/self/ns/pid /proc/self/ns/net /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/mnt';
    const inside = (await succeed('debug', 'p', 'sh', '-c', script)).trim().split('\n');
    const pid = pidOfPlugin();
    const of = (name: string) => readlinkSync(`/proc/${pid}/ns/${name}`);
    assert.deepEqual(inside.slice(0, 4), ['pid', 'net', 'ipc', 'uts'].map(of));
    assert.notEqual(inside[4], of('mnt'));
    assert.notEqual(inside[4], readlinkSync('/proc/self/ns/mnt'));
    assert.match(await succeed('debug', 'p', 'ls', '/plugin/'), /^busybox-plugin\n/);
    assert.match(await succeed('debug', 'p', 'cat', '/proc/1/cmdline'), /^\/busybox-plugin\0sleep\0/);
    assert.equal((await run(['debug', '-i', 'p', 'cat'], 'input\n')).stdout, 'input\n');
    assert.equal((await run(['debug', 'p', 'sh', '-c', 'exit 9'])).code, 9);
    assert.match((await run(['debug', '-e', 'CANARY', 'p', 'env'])).stdout, /^CANARY=from the client$/m);
    assertUntouched();
  });

  test('debug has the privileges of the plugin, and cannot change the host', async () => {
    const status = 'grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status';
    const own = await succeed('exec', '--tools', 'p', 'sh', '-c', status);
    assert.equal(await succeed('debug', 'p', 'sh', '-c', status), own);
    const script = 'touch /usr/x; touch /x; cat /etc/shadow; ls /root /var; mount -t tmpfs x /tmp';
    const { code, stderr } = await run(['debug', 'p', 'sh', '-c', script]);
    assert.notEqual(code, 0);
    assert.match(stderr, /Read-only.*Read-only.*shadow.*No such file/s);
    assert.equal(existsSync('/usr/x'), false);
    const cgroup = await succeed('debug', 'p', 'cat', '/proc/self/cgroup');
    assert.match(cgroup, /exec-/);
    assertUntouched();
  });

  test('debug has a terminal, says its privileges, and ends with its client', async () => {
    const command = `'${process.execPath}' '${outboard}' debug -it p`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { ...process.env, OUTBOARD_HOST: `unix://${daemon.socket}` },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let screen = '';
    child.stdout.on('data', (chunk) => {
      screen += chunk;
    });
    const until = async (pattern: RegExp) => {
      while (!pattern.test(screen)) await once(child.stdout, 'data');
    };
    await until(/Debugging p with its privileges.*its root is \/plugin/);
    child.stdin.write('echo here-$((40+2)); sleep 1000\n');
    await until(/here-42/);
    assert.ok((await succeed('top', 'p')).includes('sleep 1000\n'));
    child.kill('SIGKILL');
    await once(child, 'close');
    const deadline = AbortSignal.timeout(slowed(30_000));
    while ((await succeed('top', 'p')).includes('sleep 1000\n'))
      await delay(20, undefined, { signal: deadline });
    while (readdirSync(join(daemon.execRoot, 'bundles', id)).some((name) => name.startsWith('exec-'))) {
      await delay(20, undefined, { signal: deadline });
    }
    assertUntouched();
  });

  test('a remote client debugs as well', async () => {
    const identity = files.authority.issue({ commonName: 'operator', usage: 'client' });
    const directory = await files.writeClient('operator', files.authority.certificate, identity);
    const { code, stdout, stderr } = await run(['debug', 'p', 'ls', '/plugin/'], '', {
      OUTBOARD_HOST: `tcp://localhost:${tcpPort(daemon.readyLine)}`,
      DOCKER_CERT_PATH: directory,
      DOCKER_TLS_VERIFY: '1',
    });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^busybox-plugin\n/);
  });

  test('refuses an image, a plugin that does not run, and unknown programs', async () => {
    assert.match((await run(['debug', '--image', 'alpine', 'p'])).stderr, /--image alpine is not supported/);
    assert.equal((await run(['debug', 'p', 'no-such-program'])).code, 127);
    assert.match((await run(['debug', 'q'])).stderr, /plugin "q" not found/);
    assertUntouched();
  });

  test('the next daemon ends commands of a killed one', async () => {
    const script = 'echo started; sleep 1000';
    const commands = [
      ['debug', 'p'],
      ['exec', '--tools', 'p'],
    ].map((words) =>
      spawn(outboard, [...words, 'sh', '-c', script], {
        env: { ...process.env, OUTBOARD_HOST: `unix://${daemon.socket}` },
      }),
    );
    const ended = commands.map((child) => once(child, 'exit'));
    await Promise.all(commands.map((child) => once(child.stdout, 'data')));
    await daemon.end('SIGKILL');
    await Promise.all(ended);
    daemon = await startDaemon({ home, args: files.args });
    assert.doesNotMatch(await succeed('top', 'p'), /sleep 1000\n/);
    assertUntouched();
  });
});

/** One program, and the mount points that every container has. */
function staticPlugin(): Buffer {
  const entrypoint = ['/busybox-plugin', 'sleep', '100000000'];
  const config = { ...pluginConfigDocument({ Entrypoint: entrypoint }), Mounts: [] };
  return tarArchive([
    { name: 'config.json', content: JSON.stringify(config) },
    { type: 'directory', name: 'rootfs' },
    { name: 'rootfs/busybox-plugin', content: readFileSync('/usr/bin/busybox'), mode: 0o755 },
  ]);
}

/** Serve the plugin's socket in its place: the program of the plugin only sleeps. */
async function listenIn(directory: string): Promise<Server> {
  const deadline = AbortSignal.timeout(slowed(30_000));
  while (!existsSync(directory)) await delay(10, undefined, { signal: deadline });
  const server = createServer((socket) => socket.end());
  await once(server.listen(join(directory, fixtureSocket)), 'listening');
  return server;
}
