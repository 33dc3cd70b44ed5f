/**
 * Sockets of the API that are deleted under a running daemon: clients reach it again, and connected clients are not
 * disturbed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tryPaths } from '../support/as-user.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
const gid = 47_112;
const member = { groups: [gid] };

/** Makes a socket as a socket unit does, then executes the daemon. */
const manager = `
import os, socket, sys
given = socket.socket(socket.AF_UNIX)
given.bind(sys.argv[1])
given.listen()
if given.fileno() == 3:
    os.set_inheritable(3, True)
else:
    os.dup2(given.fileno(), 3)
os.execve(sys.argv[2], sys.argv[2:], {**os.environ, 'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid())})
`;

async function start(context: TestContext): Promise<TestDaemon> {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  // Access is limited by the sockets and directories of the daemon, not by those above them.
  chmodSync(home, 0o755);
  const args = ['--group', String(gid), '--host', `unix://${join(home, 'deep', 'er', 'api.sock')}`];
  return await startDaemon({ home, args });
}

function shape(path: string): string {
  const { mode, uid, gid: group } = statSync(path);
  return `${mode.toString(8)} ${uid} ${group}`;
}

function madeAgain(path: string, times = 1): RegExp {
  const line = `"socket":"${path}"[^\\n]*the socket was deleted, and was created again[^\\n]*\\n`;
  return new RegExp(`(${line}[\\s\\S]*){${times}}`);
}

/** A response that the daemon is still writing. */
async function followEvents(socketPath: string): Promise<IncomingMessage> {
  const call = request({ socketPath, path: '/events' }).end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return response.setEncoding('utf8');
}

const deletions: readonly (readonly [name: string, remove: (execRoot: string, socket: string) => void])[] = [
  ['the socket', (_execRoot, socket) => rmSync(socket)],
  ['all of the exec root', (execRoot) => rmSync(execRoot, { recursive: true })],
  ['the exec root under its name', (execRoot) => renameSync(execRoot, `${execRoot}.old`)],
];

describe('a deleted API socket', { skip: needsRoot }, () => {
  for (const [name, remove] of deletions) {
    test(`is recreated with its owner and mode: ${name}`, async (context) => {
      const daemon = await start(context);
      const { socket, execRoot } = daemon;
      const before = [shape(socket), shape(execRoot)];
      const events = await followEvents(socket);
      // Otherwise the daemon could recreate a directory that is still being deleted.
      process.kill(daemon.pid, 'SIGSTOP');
      remove(execRoot, socket);
      process.kill(daemon.pid, 'SIGCONT');
      await daemon.untilLogged(madeAgain(socket));
      assert.equal((await callApi(socket, 'GET', '/_ping')).text, 'OK');
      assert.deepEqual([shape(socket), shape(execRoot)], before);
      assert.deepEqual(await tryPaths(member, [socket]), ['answered']);
      // A request that was under way at the deletion completes.
      await pluginApi(socket).create('light', perlPluginArchive());
      assert.match(String(await once(events, 'data')), /"Action":"create"/);
      assert.equal(await daemon.end('SIGTERM'), 0);
      assert.equal(existsSync(socket), false);
    });
  }

  test('is recreated, with the metrics socket, when its parent directories were deleted', async (context) => {
    const daemon = await start(context);
    const other = join(dirname(daemon.execRoot), 'deep', 'er', 'api.sock');
    const metrics = join(daemon.execRoot, 'metrics.sock');
    const before = [shape(other), shape(dirname(other)), shape(dirname(dirname(other))), shape(metrics)];
    rmSync(dirname(dirname(other)), { recursive: true });
    rmSync(metrics);
    await daemon.untilLogged(madeAgain(other));
    await daemon.untilLogged(madeAgain(metrics));
    const after = [shape(other), shape(dirname(other)), shape(dirname(dirname(other))), shape(metrics)];
    assert.deepEqual(after, before);
    assert.equal((await callApi(other, 'GET', '/_ping')).text, 'OK');
    assert.equal((await callApi(metrics, 'GET', '/metrics')).status, 200);
  });

  test('is recreated each time it is deleted', async (context) => {
    const daemon = await start(context);
    for (let times = 1; times <= 8; times += 1) {
      rmSync(daemon.socket);
      await daemon.untilLogged(madeAgain(daemon.socket, times));
      assert.equal((await callApi(daemon.socket, 'GET', '/_ping')).text, 'OK');
    }
  });

  test('is recreated only when no other file is at its path', async (context) => {
    const daemon = await start(context);
    const file = join(dirname(daemon.execRoot), 'file');
    writeFileSync(file, 'mine');
    renameSync(file, daemon.socket);
    await daemon.untilLogged(/the path is not a socket/);
    assert.equal(statSync(daemon.socket).size, 4);
    rmSync(daemon.socket);
    await daemon.untilLogged(madeAgain(daemon.socket));
    assert.equal((await callApi(daemon.socket, 'GET', '/_ping')).text, 'OK');
  });

  test('is not recreated if it belongs to a service manager', async (context) => {
    const { home, remove } = await makeDaemonHome();
    const socket = join(home, 'given.sock');
    const args = ['--host', 'fd://', '--data-root', join(home, 'data'), '--exec-root', join(home, 'run')];
    args.push('--gateway-dir', join(home, 'gateway'));
    const command = ['-c', manager, socket, process.execPath, program, 'daemon', ...args];
    const child = spawn('python3', command, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'exit');
    context.after(async () => {
      child.kill('SIGTERM');
      await ended;
      await remove();
    });
    await once(createInterface(child.stdout), 'line');
    rmSync(socket);
    for await (const line of createInterface(child.stderr)) {
      if (!line.includes('the socket of the service manager was deleted')) continue;
      assert.match(line, /"level":50,.*"socket":".*given\.sock".*restart the socket unit/);
      break;
    }
    assert.equal(existsSync(socket), false);
  });
});
