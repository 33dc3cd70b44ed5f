/**
 * `outboard exec` and related commands from the command line to the plugin: exit codes, terminals, and disconnects.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { slowed } from '../support/slowness.ts';
import { type TlsFiles, tcpPort, writeTlsFiles } from '../support/tls-files.ts';

const skip = needsRoot;
const outboard = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

let home: string;
let removeHome: () => Promise<void>;
let files: TlsFiles;
let daemon: TestDaemon;

before(async () => {
  if (skip !== false) return;
  ({ home, remove: removeHome } = await makeDaemonHome());
  files = await writeTlsFiles(home);
  daemon = await start();
  await pluginApi(daemon.socket).create('p', perlPluginArchive());
  await pluginApi(daemon.socket).enable('p');
});

after(async () => {
  if (skip !== false) return;
  await pluginApi(daemon.socket).remove('p', { force: true });
  assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
  await removeHome();
});

const start = (): Promise<TestDaemon> => startDaemon({ home, args: files.args });

interface RunningCommand {
  readonly child: ChildProcess;
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
  readonly code: Promise<number | null>;
}

function launch(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningCommand {
  const host = { OUTBOARD_HOST: `unix://${daemon.socket}` };
  const child = spawn(program, args, { env: { ...process.env, ...host, ...env } });
  return {
    child,
    stdout: text(child.stdout),
    stderr: text(child.stderr),
    code: once(child, 'exit').then(([code]) => code),
  };
}

async function finish(command: RunningCommand, input?: string) {
  command.child.stdin?.end(input);
  const [stdout, stderr, code] = await Promise.all([command.stdout, command.stderr, command.code]);
  return { code, stdout, stderr };
}

const run = (...args: readonly string[]) => finish(launch(outboard, args));

/** A command in the plugin that has written its first line. */
async function launchSleep(...args: readonly string[]): Promise<RunningCommand> {
  const command = launch(outboard, ['exec', ...args, 'p', 'sh', '-c', 'echo started; sleep 1000']);
  await once(command.child.stdout ?? assert.fail('no pipe'), 'data');
  return command;
}

/** The commands of the processes in the plugin. */
async function processes(): Promise<readonly string[]> {
  const { stdout } = await run('top', 'p');
  return stdout
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split(/ {2,}/).at(-1) ?? '');
}

/** Files of commands in the bundle of the plugin. */
function remains(): readonly string[] {
  const bundles = join(daemon.execRoot, 'bundles');
  const [id = assert.fail('no plugin runs')] = readdirSync(bundles);
  return readdirSync(join(bundles, id)).filter((name) => name.startsWith('exec-'));
}

/** The daemon sees the end of a command a moment after its client has left, without an event. */
async function untilNothingRemains(): Promise<void> {
  const deadline = AbortSignal.timeout(slowed(30_000));
  while (remains().length > 0) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a command gets all arguments after the name of the plugin, and its exit code is returned', {
  skip,
}, async () => {
  const outcome = await run('exec', 'p', 'sh', '-c', 'echo "$@"; echo err >&2; exit 9', '-H', '--tls', '-it');
  assert.deepEqual(outcome, { code: 9, stdout: '--tls -it\n', stderr: 'err\n' });
  assert.equal((await run('exec', 'p', 'sh', '-c', 'kill -9 $$')).code, 137);
});

test('a command gets standard input on request', { skip }, async () => {
  assert.equal((await finish(launch(outboard, ['exec', '-i', 'p', 'cat']), 'hello\n')).stdout, 'hello\n');
  assert.equal((await finish(launch(outboard, ['exec', 'p', 'cat']), 'hello\n')).stdout, '');
});

for (const script of ['exit 4', 'exec <&-; exit 4', 'head -c 1000000 >/dev/null; exit 4']) {
  test(`a command that ends while it receives input returns its exit code: ${script}`, { skip }, async () => {
    const command = launch(outboard, ['exec', '-i', 'p', 'sh', '-c', script]);
    // It reads less than is sent to it.
    command.child.stdin?.on('error', () => undefined);
    assert.deepEqual(await finish(command, 'x'.repeat(20_000_000)), { code: 4, stdout: '', stderr: '' });
  });
}

test('variables are set on the command line, or taken by name from the environment of the client', {
  skip,
}, async () => {
  const args = [
    'exec',
    '-e',
    'A=1',
    '--env',
    'B',
    '-e',
    'ABSENT',
    '-w',
    '/tmp',
    '-u',
    '5:6',
    'p',
    'sh',
    '-c',
  ];
  const script = 'echo $A $B; printenv ABSENT || echo none; pwd; id -u; id -g';
  const { stdout } = await finish(launch(outboard, [...args, script], { B: '2' }));
  assert.equal(stdout, '1 2\nnone\n/tmp\n5\n6\n');
});

test('a command that cannot be run returns the exit code of a shell', { skip }, async () => {
  const missing = await run('exec', 'p', 'no-such-program');
  assert.equal(missing.code, 127);
  assert.match(missing.stderr, /OCI runtime exec failed: .*executable file not found in \$PATH/);
  assert.equal((await run('exec', 'p', '/etc')).code, 126);
  assert.equal((await run('exec', 'nobody', 'true')).code, 1);
});

test('a terminal has the size of the client’s terminal, and passes on keys and the exit code', {
  skip,
}, async () => {
  const inner = `stty rows 31 cols 97; ${outboard} exec -it p sh`;
  // script(1) provides the terminal; its input is what a user types.
  const command = launch('script', ['--quiet', '--return', '--command', inner, '/dev/null']);
  const { code, stdout } = await finish(command, 'stty size; test -t 1 && exit 6\n');
  assert.match(stdout, /31 97\r/);
  assert.equal(code, 6, stdout);
});

test('a terminal is refused if the client has none', { skip }, async () => {
  const outcome = await run('exec', '-it', 'p', 'sh');
  assert.deepEqual(outcome, { code: 1, stdout: '', stderr: 'the input device is not a TTY\n' });
});

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  test(`a client that is ended by ${signal} ends its command`, { skip }, async () => {
    const command = await launchSleep();
    assert.equal((await processes()).length > 1, true, 'the command does not run');
    command.child.kill(signal);
    assert.equal(await command.code, signal === 'SIGINT' ? 130 : null);
    await untilNothingRemains();
    assert.deepEqual(await processes(), ['/usr/bin/perl /plugin.pl']);
  });
}

test('commands run over TLS as well', { skip }, async () => {
  const identity = files.authority.issue({ commonName: 'operator', usage: 'client' });
  const env = {
    OUTBOARD_HOST: `tcp://localhost:${tcpPort(daemon.readyLine)}`,
    DOCKER_CERT_PATH: await files.writeClient('operator', files.authority.certificate, identity),
    DOCKER_TLS_VERIFY: '1',
  };
  const outcome = await finish(
    launch(outboard, ['exec', '-i', 'p', 'sh', '-c', 'cat; exit 3'], env),
    'x'.repeat(1e6),
  );
  assert.deepEqual([outcome.code, outcome.stdout.length, outcome.stderr], [3, 1e6, '']);
});

test('stats show the plugin and its limit', { skip }, async () => {
  assert.deepEqual(await run('update', '--memory', '128m', '--pids-limit', '77', 'p'), {
    code: 0,
    stdout: 'p\n',
    stderr: '',
  });
  const { stdout } = await run('stats', '--no-stream', '--format', 'json', 'p');
  const { Name, MemUsage, MemPerc, CPUPerc, PIDs } = JSON.parse(stdout);
  assert.equal(Name, 'p:latest');
  assert.match(MemUsage, /^[\d.]+MiB \/ 128MiB$/);
  assert.match(MemPerc, /^\d+\.\d\d%$/);
  assert.match(CPUPerc, /^\d+\.\d\d%$/);
  assert.equal(PIDs, '1');
});

test('commands end when the daemon stops, which does not wait for them', { skip }, async () => {
  const command = await launchSleep();
  assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
  assert.equal(await command.code, 1);
  assert.match(await command.stderr, /the daemon closed the connection before the command ended/);
  assert.deepEqual(remains(), []);
  daemon = await start();
  assert.deepEqual(await processes(), ['/usr/bin/perl /plugin.pl']);
});

test('commands left by a killed daemon are ended by the next one', { skip }, async () => {
  const plain = await launchSleep();
  const inner = `${outboard} exec -t p sh -c 'echo started; sleep 1000'`;
  const terminal = launch('script', ['--quiet', '--command', inner, '/dev/null']);
  await once(terminal.child.stdout ?? assert.fail('no pipe'), 'data');
  assert.equal(await daemon.end('SIGKILL'), null);
  assert.equal(await plain.code, 1);
  await terminal.code;
  assert.equal(remains().length, 2);
  daemon = await start();
  await untilNothingRemains();
  assert.deepEqual(await processes(), ['/usr/bin/perl /plugin.pl']);
});
