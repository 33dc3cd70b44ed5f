/**
 * The daemon as a process: start, lock, signals, restart, and the content of its log.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { watch } from 'node:fs';
import { lstat, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callApi, makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { createDockerCli } from '../support/docker-cli.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

async function temporaryHome(context: TestContext): Promise<string> {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  return home;
}

test('the daemon prints one line when it serves, logs JSON, and ends with 0 on SIGTERM', async (context) => {
  const daemon = await startDaemon({ home: await temporaryHome(context), args: ['--log-level', 'debug'] });
  assert.equal(daemon.readyLine, `outboard daemon ready on unix://${daemon.socket} (pid ${daemon.pid})`);
  assert.equal((await callApi(daemon.socket, 'GET', '/_ping')).text, 'OK');
  assert.equal(await daemon.end('SIGTERM'), 0);
  for (const line of daemon.log().trim().split('\n')) JSON.parse(line);
  await assert.rejects(lstat(daemon.socket), { code: 'ENOENT' });
});

test('a second daemon on the same data root is refused, and the first keeps running', async (context) => {
  const home = await temporaryHome(context);
  const daemon = await startDaemon({ home });
  const other = join(home, 'other.sock');
  await assert.rejects(startDaemon({ home, args: ['--host', `unix://${other}`] }), (error: Error) =>
    error.message.includes(`outboard daemon: data root "${daemon.dataRoot}" is in use by another daemon`),
  );
  assert.equal((await callApi(daemon.socket, 'GET', '/_ping')).status, 200);
  assert.equal(await daemon.end('SIGINT'), 0);
});

test('after a kill of the daemon the next one takes over its plugins', async (context) => {
  const home = await temporaryHome(context);
  const plugin = await writePluginContext(join(home, 'context'));
  const killed = await startDaemon({ home });
  const docker = await createDockerCli(killed.socket);
  context.after(() => docker.remove());
  await docker.succeed('plugin', 'create', 'acme/p', plugin.directory);
  await docker.succeed('plugin', 'enable', 'acme/p');
  await killed.end('SIGKILL');

  const next = await startDaemon({ home });
  const list = ['plugin', 'ls', '--format', '{{.Name}} {{.Enabled}}'];
  assert.equal(await docker.succeed(...list), 'acme/p:latest true\n');
  assert.equal(await next.end('SIGTERM'), 0, next.log());

  const last = await startDaemon({ home });
  assert.equal(await docker.succeed(...list), 'acme/p:latest true\n');
  await docker.succeed('plugin', 'rm', '-f', 'acme/p');
  assert.equal(await last.end('SIGTERM'), 0, last.log());
});

test('D08 S22 a pull in progress gets an error when the daemon stops, and the daemon exits', async (context) => {
  const asked = gate();
  const silent = createServer(() => asked.resolve());
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  context.after(() => silent.closeAllConnections());
  context.after(() => silent.close());
  const { port } = silent.address() as AddressInfo; // A TCP server has no other form of address.
  const daemon = await startDaemon({ home: await temporaryHome(context) });
  const path = `/plugins/pull?remote=127.0.0.1:${port}/acme/p:v1`;
  const json = { 'content-type': 'application/json' };
  const pull = callApi(daemon.socket, 'POST', path, { headers: json, body: '[]' });
  await asked.promise;
  const ended = daemon.end('SIGTERM');
  const answer = await pull;
  assert.equal(answer.status, 503);
  assert.match(answer.text, /the daemon is shutting down"\}\n$/);
  assert.equal(await ended, 0, daemon.log());
});

test('D16 no secret of a request reaches the log', async (context) => {
  const home = await temporaryHome(context);
  const plugin = await writePluginContext(join(home, 'context'));
  const daemon = await startDaemon({ home, args: ['--log-level', 'trace'] });
  const docker = await createDockerCli(daemon.socket);
  context.after(() => docker.remove());
  await docker.succeed('plugin', 'create', 'acme/p', plugin.directory);
  const auth = JSON.stringify({ username: 'canary-user', password: 'canary-password' });
  const headers = {
    'content-type': 'application/json',
    'x-registry-auth': Buffer.from(auth).toString('base64url'),
    'x-meta-token': 'canary-meta',
  };
  const requests = [
    ['/plugins/acme/p/set', '["DEBUG=canary-setting"]'],
    ['/plugins/acme/p/set', '["NOPE=canary-setting"]'],
    ['/plugins/acme/p/set', '["DEBUG=canary-setting"'],
    ['/plugins/pull?remote=127.0.0.1:1/acme/p', '[]'],
    ['/plugins/acme/p/push', '[]'],
  ] as const;
  for (const [path, body] of requests) {
    const answer = await callApi(daemon.socket, 'POST', path, { headers, body });
    assert.doesNotMatch(answer.text, /canary/, path);
  }
  await docker.succeed('plugin', 'rm', 'acme/p');
  assert.equal(await daemon.end('SIGTERM'), 0);
  assert.match(daemon.log(), /request failed/);
  assert.doesNotMatch(daemon.log(), /canary|Y2FuYXJ5/);
});

test('D20 an uncaught error is logged and counted, and the daemon keeps running', async (context) => {
  const prelude = `
    process.on('SIGUSR2', () => {
      Promise.reject(new Error('lost promise'));
      setImmediate(() => { throw new Error('thrown in a timer'); });
    });
  `;
  const daemon = await startDaemon({ home: await temporaryHome(context), prelude });
  process.kill(daemon.pid, 'SIGUSR2');
  await daemon.untilLogged(/lost promise[\s\S]*thrown in a timer[\s\S]*"count":2/);
  assert.equal((await callApi(daemon.socket, 'GET', '/_ping')).status, 200);
  assert.equal(await daemon.end('SIGTERM'), 0);
});

test('a daemon with a closed log output serves, reloads and exits as usual', async (context) => {
  // As after its terminal was closed. Writes to this device fail.
  const prelude = `
    const { closeSync, openSync } = await import('node:fs');
    closeSync(2);
    openSync('/dev/full', 'w');
  `;
  const daemon = await startDaemon({ home: await temporaryHome(context), prelude });
  process.kill(daemon.pid, 'SIGHUP');
  for (const _ of [1, 2, 3]) {
    assert.equal((await callApi(daemon.socket, 'GET', '/plugins/nope/json')).status, 404);
  }
  assert.equal(await daemon.end('SIGTERM'), 0);
});

test('a daemon whose terminal is closed continues to serve, and exits with 0', async (context) => {
  const home = await temporaryHome(context);
  const [socket, pidFile, codeFile] = ['s', 'pid', 'code'].map((name) => join(home, name));
  const roots = `--data-root ${home}/data --exec-root ${home}/run --gateway-dir ${home}/gateway --host unix://${socket}`;
  // The shell writes the exit code, for which it must outlive the terminal.
  const command = `trap '' HUP; ${program} daemon ${roots} & echo $! > ${pidFile}; wait $!; echo $? > ${codeFile}`;
  const terminal = spawn('script', ['--quiet', '--command', command, '/dev/null'], { stdio: 'pipe' });
  // A terminal shows the log too, which begins before the daemon listens.
  for await (const line of createInterface(terminal.stdout))
    if (line.includes('outboard daemon ready on')) break;
  terminal.kill('SIGKILL');
  await once(terminal, 'exit');
  const ask = async (path: string) => (await callApi(socket ?? '', 'GET', path)).status;
  // Each of them is in the log.
  assert.deepEqual([await ask('/plugins/nope/json'), await ask('/plugins/nope/json')], [404, 404]);
  assert.equal(await ask('/_ping'), 200);

  const watcher = watch(home);
  context.after(() => watcher.close());
  const changes = on(watcher, 'change', { signal: AbortSignal.timeout(30_000) });
  process.kill(Number(await readFile(pidFile ?? '', 'utf8')), 'SIGTERM');
  for await (const [, name] of changes) {
    const code = name === 'code' ? await readFile(codeFile ?? '', 'utf8') : '';
    if (code !== '') return assert.equal(code, '0\n');
  }
});

test('S22 a second signal ends the daemon at once', async (context) => {
  // Directly after the first signal: closing the listener takes longer.
  const prelude = `process.once('SIGTERM', () => setImmediate(() => process.emit('SIGINT', 'SIGINT')));`;
  const daemon = await startDaemon({ home: await temporaryHome(context), prelude });
  assert.equal(await daemon.end('SIGTERM'), 1);
  assert.match(daemon.log(), /"reason":"second SIGINT"/);
});

test('S22 a signal that timeout(1) sends twice ends the daemon in order', async (context) => {
  // One more in each turn of the beginning: at no time is the process without a listener.
  const prelude = `process.once('SIGTERM', () => {
    let left = 20;
    const repeat = () => {
      if (process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGKILL');
      process.emit('SIGTERM', 'SIGTERM');
      if (--left > 0) setImmediate(repeat);
    };
    process.nextTick(repeat);
  });`;
  const daemon = await startDaemon({ home: await temporaryHome(context), prelude });
  assert.equal(await daemon.end('SIGTERM'), 0);
  assert.match(daemon.log(), /"msg":"stopped"/);
});

test('a wrong configuration is one line on standard error and exit code 1, a wrong flag 125', async (context) => {
  const home = await temporaryHome(context);
  const file = join(home, 'daemon.json');
  await writeFile(file, '{"bogus":1}');
  const cases: readonly [args: readonly string[], message: RegExp][] = [
    [
      ['--config', file],
      /: outboard daemon: configuration file ".*": unknown key "bogus"; known are [^\n]*\n$/,
    ],
    [
      ['--host', 'tcp://127.0.0.1:0'],
      /: outboard daemon: refusing to listen on [^\n]*--insecure-tcp[^\n]*\n$/,
    ],
    [
      ['--host', 'tcp://0.0.0.0:1', '--insecure-tcp'],
      /: outboard daemon: refusing to listen on [^\n]*loopback[^\n]*\n$/,
    ],
    [['--log-level', 'loud'], /error: option '--log-level <level>' argument 'loud' is invalid/],
  ];
  for (const [args, message] of cases) {
    await assert.rejects(startDaemon({ home, args }), (error: Error) => {
      // 125 for flags that the command line refuses, 1 for a configuration that the daemon refuses.
      assert.match(
        error.message,
        args[0] === '--log-level' ? /^the daemon ended with 125: / : /^the daemon ended with 1: /,
      );
      assert.match(error.message, message);
      return true;
    });
  }
});

/** A promise and its resolver. */
function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
