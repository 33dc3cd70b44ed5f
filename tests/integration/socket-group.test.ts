/**
 * Access to the API over unix sockets: for members of a group, who get no other access to the daemon.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tryPaths } from '../support/as-user.ts';
import { makeDaemonHome, spawnDaemon, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
/** A group without a name. */
const gid = 47_110;
const member = { groups: [gid] };
const stranger = { groups: [gid + 1] };

async function openHome(context: TestContext): Promise<string> {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  // Access is limited by the sockets and directories of the daemon, not by those above them.
  await chmod(home, 0o755);
  return home;
}

async function start(context: TestContext, home: string, args: readonly string[]): Promise<TestDaemon> {
  const daemon = await startDaemon({ home, args });
  context.after(() => daemon.end('SIGTERM'));
  return daemon;
}

async function modeOf(path: string): Promise<string> {
  const { mode, gid: group } = await stat(path);
  return `${(mode & 0o7777).toString(8)} ${group}`;
}

describe('a unix socket of the API', { skip: needsRoot }, () => {
  test('is accessible to members of the group, other files beside it are not', async (context) => {
    const home = await openHome(context);
    const daemon = await start(context, home, ['--group', String(gid)]);
    const api = pluginApi(daemon.socket);
    await api.create('light', perlPluginArchive());
    await api.enable('light');
    try {
      assert.deepEqual(await tryPaths(member, [daemon.socket]), ['answered']);
      assert.deepEqual(await tryPaths(stranger, [daemon.socket]), ['nothing']);
      const everything = [
        ...(await readdir(daemon.execRoot, { recursive: true })).map((name) => join(daemon.execRoot, name)),
        daemon.dataRoot,
        join(daemon.dataRoot, 'plugins'),
      ].filter((path) => path !== daemon.socket);
      for (const name of ['metrics.sock', 'plugins', 'bundles', 'runtime']) {
        assert.ok(everything.includes(join(daemon.execRoot, name)), `no ${name}`);
      }
      const reached = await tryPaths(member, everything);
      const open = everything.filter((_, index) => reached[index] !== 'nothing');
      assert.deepEqual(open, []);
      assert.deepEqual(await tryPaths(member, [daemon.execRoot]), ['entered']);
      assert.deepEqual(await tryPaths(stranger, [daemon.execRoot]), ['nothing']);
    } finally {
      await api.remove('light', { force: true });
    }
  });

  test('stays accessible when the daemon restarts, also with another group', async (context) => {
    const home = await openHome(context);
    const first = await startDaemon({ home, args: ['--group', String(gid)] });
    assert.equal(await modeOf(first.execRoot), `710 ${gid}`);
    await first.end('SIGTERM');
    // A service manager that creates the directory leaves it so at each start.
    await chmod(first.execRoot, 0o700);
    const second = await start(context, home, ['--group', String(gid + 1)]);
    assert.equal(await modeOf(second.execRoot), `710 ${gid + 1}`);
    assert.deepEqual(await tryPaths(stranger, [second.socket]), ['answered']);
    assert.deepEqual(await tryPaths(member, [second.socket]), ['nothing']);
  });

  test('without a group is accessible to root only, in a directory of root', async (context) => {
    const home = await openHome(context);
    const daemon = await start(context, home, ['--group', '']);
    assert.deepEqual([await modeOf(daemon.execRoot), await modeOf(daemon.socket)], ['700 0', '660 0']);
    assert.deepEqual(await tryPaths(member, [daemon.socket]), ['nothing']);
  });

  test('is accessible in directories that the daemon creates or others may enter; otherwise an error names the remedy', async (context) => {
    const home = await openHome(context);
    const made = join(home, 'made', 'deep', 'api.sock');
    const closed = join(home, 'closed', 'api.sock');
    const operators = join(home, 'open', 'api.sock');
    await mkdir(join(home, 'closed'), { mode: 0o700 });
    await mkdir(join(home, 'open'), { mode: 0o755 });
    const hosts = [made, closed, operators].flatMap((path) => ['--host', `unix://${path}`]);
    const daemon = await start(context, home, ['--group', String(gid), ...hosts]);
    assert.deepEqual(await tryPaths(member, [daemon.socket, made, closed, operators]), [
      'answered',
      'answered',
      'nothing',
      'answered',
    ]);
    assert.deepEqual(
      await tryPaths(stranger, [daemon.socket, made, closed, operators]),
      Array(4).fill('nothing'),
    );
    assert.equal(await modeOf(join(home, 'closed')), '700 0');
    assert.equal(await modeOf(join(home, 'open')), '755 0');
    await daemon.untilLogged(
      new RegExp(
        `cannot reach the socket: chgrp ${gid} ${join(home, 'closed')} && chmod g\\+x ${join(home, 'closed')}`,
      ),
    );
  });

  test('created by a service manager is accessible to its group', async (context) => {
    for (const [mode, reached, directory] of [
      ['0o660', 'answered', `710 ${gid}`],
      ['0o600', 'nothing', '700 0'],
    ] as const) {
      const home = await openHome(context);
      const execRoot = join(home, 'run');
      await mkdir(execRoot, { mode: 0o700 });
      const socket = join(execRoot, 'outboard.sock');
      const child = spawn(
        'python3',
        [
          '-c',
          manager(mode),
          socket,
          process.execPath,
          program,
          'daemon',
          '--host',
          'fd://',
          '--data-root',
          join(home, 'data'),
          '--exec-root',
          execRoot,
          '--gateway-dir',
          join(home, 'gateway'),
        ],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      );
      const ended = once(child, 'exit');
      await once(createInterface(child.stdout), 'line');
      try {
        assert.deepEqual(await tryPaths(member, [socket]), [reached]);
        assert.equal(await modeOf(execRoot), directory);
      } finally {
        child.kill('SIGTERM');
        await ended;
      }
    }
  });

  test('keeps the mode of an exec root that the operator has changed', async (context) => {
    const home = await openHome(context);
    const execRoot = join(home, 'run');
    await mkdir(execRoot);
    await chmod(execRoot, 0o750);
    await chown(execRoot, 0, gid + 2);
    const daemon = await start(context, home, ['--group', String(gid)]);
    assert.equal(await modeOf(execRoot), `750 ${gid + 2}`);
    await daemon.untilLogged(/members of the group cannot reach the socket/);
  });

  test('of a group that does not exist is refused', async (context) => {
    const home = await openHome(context);
    const daemon = spawnDaemon({ home, args: ['--group', 'no-such-group'] });
    await assert.rejects(
      daemon.ready,
      /group "no-such-group" does not exist: groupadd --system no-such-group, or/,
    );
  });
});

describe('a host on which plugins cannot run', { skip: needsRoot }, () => {
  test('an ordinary user cannot start a daemon, and the error names the remedy', async (context) => {
    const home = await openHome(context);
    // It can read this repository at any path, and is not root.
    const readsAll = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    const child = spawn(
      'setpriv',
      [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        ...readsAll,
        '--',
        process.execPath,
        program,
        'daemon',
        '--data-root',
        join(home, 'data'),
        '--exec-root',
        join(home, 'run'),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const [code] = await once(child, 'close');
    assert.equal(code, 1);
    assert.match(
      output,
      /^outboard daemon: must run as root, not as user 65534: .* Try sudo outboard daemon/,
    );
    assert.deepEqual(await readdir(home), []);
  });

  for (const [name, runtime, reason] of [
    ['that does not exist', 'nosuch', /OCI runtime: cannot find "nosuch" in PATH/],
    ['that is not an OCI runtime', '/bin/false', /OCI runtime: \/bin\/false does not tell its version/],
  ] as const) {
    test(`a runtime ${name} is reported when the daemon is ready, with the remedy`, async (context) => {
      const home = await openHome(context);
      const daemon = await start(context, home, ['--runtime', runtime]);
      assert.match(daemon.readyLine, /^outboard daemon ready on .*\(pid \d+\), but plugins cannot run: /);
      assert.match(daemon.readyLine, reason);
      assert.match(daemon.readyLine, /\(install the Debian package "runc", or name another with --runtime\)/);
      await daemon.untilLogged(
        /"level":50,.*"check":"OCI runtime","remedy":"install .*"msg":"plugins cannot run: /,
      );
    });
  }

  test('a host without namespaces, on which nothing can be unpacked, is reported', async (context) => {
    const home = await openHome(context);
    const bounding = '--bounding-set=-sys_admin';
    const args = ['daemon', '--data-root', join(home, 'data'), '--exec-root', join(home, 'run')];
    const child = spawn('setpriv', [bounding, '--', process.execPath, program, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(child, 'exit');
    const [line] = await once(createInterface(child.stdout), 'line');
    child.kill('SIGTERM');
    await ended;
    assert.match(
      String(line),
      /but plugins cannot run: .*unpacking: unshare: unshare failed: Operation not permitted/,
    );
  });
});

/** Makes a socket as `SocketMode=` and `SocketGroup=` do, then executes the daemon. */
function manager(mode: string): string {
  return `
import os, socket, sys
place, program = sys.argv[1], sys.argv[2:]
given = socket.socket(socket.AF_UNIX)
given.bind(place)
os.chown(place, 0, ${gid})
os.chmod(place, ${mode})
given.listen()
if given.fileno() == 3:
    os.set_inheritable(3, True)
else:
    os.dup2(given.fileno(), 3)
os.execve(program[0], program, {**os.environ, 'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid())})
`;
}
