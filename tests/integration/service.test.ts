/**
 * The daemon under a service manager: its notifications, and sockets that it inherits.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callApi, makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { startNotifyReceiver } from '../support/notify-receiver.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

async function openHome(context: TestContext): Promise<string> {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  return home;
}

describe('the daemon under a service manager', { skip: needsRoot }, () => {
  test('notifies when it is ready, alive, reloading and stopping', async (context) => {
    const home = await openHome(context);
    const address = join(home, 'notify');
    await using receiver = await startNotifyReceiver(address);
    const daemon = await startDaemon({
      home,
      env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: '200000' },
    });
    context.after(() => daemon.end('SIGKILL'));
    assert.match(await receiver.until(/^READY=1/), /^READY=1\nSTATUS=serving on unix:\/\/.*outboard\.sock$/);
    await receiver.until(/^WATCHDOG=1$/);
    process.kill(daemon.pid, 'SIGHUP');
    assert.match(await receiver.until(/^RELOADING=1/), /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
    await daemon.untilLogged(/configuration reloaded/);
    assert.equal(await daemon.end('SIGTERM'), 0);
    await receiver.until(/^STOPPING=1/);
  });

  test('serves on a socket passed by the manager, and does not delete it', async (context) => {
    const home = await openHome(context);
    const socket = join(home, 'given.sock');
    const daemon = startGiven(home, socket);
    context.after(() => daemon.child.kill('SIGKILL'));
    assert.match(await daemon.firstLine, /ready on fd:\/\/3 /);
    assert.equal((await callApi(socket, 'GET', '/_ping')).text, 'OK');
    daemon.child.kill('SIGTERM');
    assert.deepEqual(await daemon.ended, [0, null]);
    assert.ok(existsSync(socket), 'the socket is it is not for the daemon to remove');
  });

  test('D12 refuses a TCP socket, which every user can reach', async (context) => {
    const home = await openHome(context);
    const daemon = startGiven(home, 'tcp');
    daemon.firstLine.catch(() => undefined);
    assert.deepEqual(await daemon.ended, [1, null]);
    assert.match(await daemon.errors, /cannot listen on fd:\/\/3: expected a unix socket/);
  });
});

describe('outboard doctor', () => {
  test('checks the host without a daemon, and fails because there is none', async (context) => {
    const home = await openHome(context);
    const args = ['--host', `unix://${home}/none.sock`, 'doctor', '--format', 'json'];
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const checks: readonly { Name: string; Status: string }[] = JSON.parse(out).Checks;
    assert.equal(code, 1);
    assert.deepEqual([checks[0]?.Name, checks[0]?.Status], ['daemon', 'fail']);
    const statusOf = (name: string) => checks.find(({ Name }) => Name === name)?.Status;
    assert.deepEqual([statusOf('OCI runtime'), statusOf('conmon'), statusOf('kernel')], ['ok', 'ok', 'ok']);
  });
});

/** Makes a socket, then executes its program, as systemd does. */
const manager = `
import os, socket, sys
place, program = sys.argv[1], sys.argv[2:]
if place == 'tcp':
    given = socket.create_server(('127.0.0.1', 0))
else:
    given = socket.socket(socket.AF_UNIX)
    given.bind(place)
    given.listen()
if given.fileno() == 3:
    os.set_inheritable(3, True)
else:
    os.dup2(given.fileno(), 3)
os.execve(program[0], program, {**os.environ, 'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid())})
`;

/** @param place path of a unix socket, or `tcp` */
function startGiven(home: string, place: string) {
  const command = [process.execPath, program, 'daemon', '--host', 'fd://'];
  const roots = ['--data-root', join(home, 'data'), '--exec-root', join(home, 'run')];
  roots.push('--gateway-dir', join(home, 'gateway'));
  const child = spawn('python3', ['-c', manager, place, ...command, ...roots], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const firstLine = Promise.race([
    once(createInterface(child.stdout), 'line').then(([line]) => String(line)),
    ended.then(([code]) => Promise.reject(new Error(`the daemon ended with ${code}`))),
  ]);
  return { child, firstLine, ended, errors: text(child.stderr) };
}
