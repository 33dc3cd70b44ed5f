/**
 * Commands in the container of a plugin: their environment, their end, and their clean-up.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pollUntil } from '@outboard/async';
import { type ExecRequest, type ExecSession, OutboardError } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { type ProbePlugin, startProbePlugin } from '../support/probe-plugin.ts';
import { readProcessMemory } from '../support/process-memory.ts';
import { pluginCgroups } from '../support/running-plugins.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

let opened: TestEngine;
let plugin: ProbePlugin;

before(async () => {
  if (skip !== false) return;
  opened = await openTestEngine();
  plugin = await startProbePlugin(opened, 'p', {
    files: {
      '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nwww:x:33:33::/var/www:/bin/sh\n',
      '/etc/group': 'root:x:0:\nwww:x:33:\nmedia:x:44:www,other\n',
    },
    config: { Env: [{ Name: 'FROM', Description: '', Value: 'plugin', Settable: null }] },
  });
});

after(() => opened?.[Symbol.asyncDispose]());

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function text(output: AsyncIterable<Buffer> | undefined): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of output ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function finish(session: ExecSession): Promise<Outcome> {
  const [stdout, stderr, code] = await Promise.all([
    text(session.stdout),
    text(session.stderr),
    session.ended,
  ]);
  return { code, stdout, stderr };
}

/** Run a shell script to completion. */
async function run(script: string, request: Partial<ExecRequest> = {}): Promise<Outcome> {
  return finish(await opened.engine.exec('p', { command: ['/bin/sh', '-c', script], ...request }));
}

async function firstLine(session: ExecSession): Promise<string> {
  return (await readLine(session)).line;
}

/** The first line of output, and everything that arrived with it; more may follow. */
async function readLine(session: ExecSession): Promise<{ readonly line: string; readonly rest: string }> {
  let said = '';
  const iterator = session.stdout[Symbol.asyncIterator]();
  while (!said.includes('\n')) {
    const { value, done } = await iterator.next();
    assert.equal(done, false, `the output ended after ${JSON.stringify(said)}`);
    said += value;
  }
  const end = said.indexOf('\n');
  return { line: said.slice(0, end).trim(), rest: said.slice(end + 1) };
}

/** Targets of the open descriptors of this process. */
function openDescriptors(): string[] {
  const targets: string[] = [];
  for (const descriptor of readdirSync('/proc/self/fd')) {
    try {
      targets.push(readlinkSync(join('/proc/self/fd', descriptor)));
    } catch {
      // It was closed meanwhile, as that of the listing itself.
    }
  }
  return targets;
}

/** Files and cgroups of commands on the host: directories in the bundle, cgroups below that of the plugin. */
function remains(): readonly string[] {
  const isOfCommand = (name: string) => name.startsWith('exec-');
  const bundle = readdirSync(join(opened.execRoot, 'bundles', plugin.id)).filter(isOfCommand);
  const hierarchies = ['.', ...readdirSync('/sys/fs/cgroup')];
  const cgroups = hierarchies.flatMap((hierarchy) => {
    const directories = pluginCgroups(join('/sys/fs/cgroup', hierarchy), plugin.id);
    return directories.flatMap((directory) => readdirSync(directory)).filter(isOfCommand);
  });
  return [...bundle, ...cgroups];
}

test('a command has separate output streams and returns its exit code', { skip }, async () => {
  const outcome = await run('echo out; echo err >&2; exit 7');
  assert.deepEqual(outcome, { code: 7, stdout: 'out\n', stderr: 'err\n' });
  assert.deepEqual(remains(), []);
});

test('a command ended by a signal returns 128 plus the signal number', { skip }, async () => {
  assert.equal((await run('kill -TERM $$')).code, 143);
});

test('a command gets its input and the end of input', { skip }, async () => {
  const session = await opened.engine.exec('p', { command: ['wc', '-c'], hasInput: true });
  for (let i = 0; i < 64; i += 1) await session.write(Buffer.alloc(65_536, 'x'));
  session.endInput();
  assert.deepEqual(await finish(session), { code: 0, stdout: '4194304\n', stderr: '' });
});

test('a command without input has none', { skip }, async () => {
  assert.equal((await run('wc -c')).stdout, '0\n');
});

test('a slow reader gets all of 4 MiB of output', { skip }, async () => {
  const session = await opened.engine.exec('p', { command: ['head', '-c', '4194304', '/dev/zero'] });
  let bytes = 0;
  for await (const chunk of session.stdout) {
    bytes += chunk.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(bytes, 4_194_304);
  assert.equal(await session.ended, 0);
});

test('a command has the variables and working directory of the plugin, unless others are requested', {
  skip,
}, async () => {
  assert.equal((await run('echo $FROM $EXTRA; pwd')).stdout, 'plugin\n/\n');
  const env = ['EXTRA=a b', 'FROM=exec'];
  assert.equal(
    (await run('echo $FROM $EXTRA; pwd', { env, workingDirectory: '/etc' })).stdout,
    'exec a b\n/etc\n',
  );
});

test('users and groups are looked up in the files of the plugin, not of the host', { skip }, async () => {
  const who = 'echo $(id -u) $(id -g) $(id -G)';
  assert.equal((await run(who)).stdout, '0 0 0\n');
  assert.equal((await run(who, { user: 'www' })).stdout, '33 33 33 44\n');
  assert.equal((await run(who, { user: '33:media' })).stdout, '33 44 44\n');
  assert.equal((await run(who, { user: '4711:4712' })).stdout, '4711 4712 4712\n');
  await assert.rejects(run(who, { user: 'daemon' }), /unable to find user daemon: no matching entries/);
  await assert.rejects(run(who, { user: 'www:audio' }), /unable to find group audio: no matching entries/);
});

test('a command never has more privileges than the plugin', { skip }, async () => {
  const facts = "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status";
  const ofPlugin = await plugin.shell(facts);
  assert.equal((await run(facts)).stdout.trim(), ofPlugin);
  const ofOther = (await run(facts, { user: '33' })).stdout;
  assert.match(ofOther, /^CapEff:\s0+$/m);
  assert.match(ofOther, /^CapPrm:\s0+$/m);
  assert.match(ofOther, /^NoNewPrivs:\s1$/m);
});

test('a command is within the limits of the plugin', { skip }, async () => {
  const words = 'read within_limits';
  const session = await opened.engine.exec('p', { command: ['/bin/sh', '-c', words], hasInput: true });
  try {
    // As the host sees it: in a cgroup namespace, the plugin's own cgroup is the root.
    let pid: string | undefined;
    const isFound = () => {
      pid = readdirSync('/proc').find(
        (name) => /^\d+$/.test(name) && readProcessMemory(name, 'cmdline').endsWith(`\0${words}\0`),
      );
      return pid !== undefined;
    };
    assert.ok(await pollUntil(isFound, { timeoutMs: 20_000 }), 'the command does not run');
    assert.match(readOfProcess(pid ?? '', 'cgroup'), new RegExp(`outboard-${plugin.id}`));
  } finally {
    session.endInput();
    await session.ended;
  }
});

/** @returns the empty string if the process has ended */
function readOfProcess(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

test('a terminal has a size, which can change, and joins both output streams', { skip }, async () => {
  const session = await opened.engine.exec('p', {
    command: ['/bin/sh', '-c', "trap 'stty size' WINCH; tty; stty size >&2; while :; do sleep 0.05; done"],
    terminal: { columns: 91, rows: 17 },
    hasInput: true,
  });
  assert.equal(session.stderr, undefined);
  const chunks: string[] = [];
  for await (const chunk of session.stdout) {
    chunks.push(chunk.toString());
    const said = chunks.join('');
    if (said.includes('18 92\r\n')) break;
    if (said.includes('17 91')) session.resize({ columns: 92, rows: 18 });
  }
  assert.match(chunks.join(''), /^\/dev\/(pts\/\d+|console)\r\n17 91\r\n18 92\r\n/);
  session.kill();
  assert.equal(await session.ended, 137);
});

test('terminal input is echoed, edited, and interrupts', { skip }, async () => {
  const session = await opened.engine.exec('p', {
    // A builtin: dash would miss an interrupt directly before it starts a program.
    command: ['/bin/sh', '-c', 'read line; echo "got $line"; read line'],
    terminal: { columns: 80, rows: 24 },
    hasInput: true,
  });
  await session.write(Buffer.from('hellp\x7fo\r'));
  let said = '';
  for await (const chunk of session.stdout) {
    const before = said;
    said += chunk;
    if (said.includes('got') && !before.includes('got')) await session.write(Buffer.from('\x03'));
  }
  assert.match(said, /got hello\r\n/);
  assert.equal(await session.ended, 130);
});

for (const [name, request, pattern] of [
  [
    'a missing program in PATH',
    { command: ['no-such-program'] },
    /^OCI runtime exec failed: .*executable file not found in \$PATH.*; plugin p:latest has no program "no-such-program"; .*outboard exec --tools p:latest no-such-program; .*outboard debug p:latest$/,
  ],
  [
    'a missing path',
    { command: ['/bin/no-such-shell'] },
    /^OCI runtime exec failed: .*no such file or directory.*; plugin p:latest has no program "\/bin\/no-such-shell"; .*outboard exec --tools p:latest no-such-shell;/,
  ],
  [
    'a program that is not executable',
    { command: ['/etc/passwd'] },
    /^OCI runtime exec failed: .*permission denied/,
  ],
  [
    'a missing program, on a terminal',
    { command: ['no-such-program'], terminal: { columns: 80, rows: 24 } },
    /^OCI runtime exec failed: .*executable file not found/,
  ],
  [
    'a directory that does not exist',
    { command: ['true'], workingDirectory: '/nowhere' },
    /^OCI runtime exec failed: /,
  ],
  ['no program', { command: [] }, /no exec command specified/],
  ['a NUL', { command: ['echo', 'a\0b'] }, /without NUL/],
  ['a variable without a value', { command: ['true'], env: ['NAME'] }, /invalid environment variable "NAME"/],
  ['a relative directory', { command: ['true'], workingDirectory: 'etc' }, /invalid working directory "etc"/],
] as const) {
  test(`${name} is refused and leaves nothing behind`, { skip }, async () => {
    await assert.rejects(opened.engine.exec('p', request), (error) => {
      assert.equal(error instanceof OutboardError && error.kind, 'invalid');
      assert.match((error as Error).message, pattern);
      return true;
    });
    assert.deepEqual(remains(), []);
  });
}

test('a killed command ends with all its processes, in any session', {
  skip,
}, async () => {
  const script = 'setsid sleep 1000 & setsid sh -c "trap : TERM HUP; sleep 1000" & echo started; wait';
  const session = await opened.engine.exec('p', { command: ['/bin/sh', '-c', script] });
  assert.equal(await firstLine(session), 'started');
  assert.equal((await opened.engine.processes('p')).length > 3, true, 'nothing was started');
  session.kill();
  assert.equal(await session.ended, 137);
  assert.equal((await opened.engine.processes('p')).length, 1);
  assert.deepEqual(remains(), []);
});

test('the caller can end a command by a signal, also on a terminal', { skip }, async () => {
  const caller = new AbortController();
  const request = { command: ['sleep', '1000'], terminal: { columns: 80, rows: 24 } };
  const session = await opened.engine.exec('p', request, { signal: caller.signal });
  caller.abort();
  assert.equal(await session.ended, 137);
  await assert.rejects(opened.engine.exec('p', request, { signal: caller.signal }), { name: 'AbortError' });
  assert.deepEqual(remains(), []);
});

for (const [name, request] of [
  ['pipes', {}],
  ['a terminal', { terminal: { columns: 80, rows: 24 } }],
] as const) {
  test(`a command on ${name} ends with its first process, even if other processes keep its output open`, {
    skip,
  }, async () => {
    const { code, stdout } = await run('trap "" HUP; sleep 1000 & echo begun; exit 3', request);
    assert.deepEqual([code, stdout.trim()], [3, 'begun']);
    assert.equal((await opened.engine.processes('p')).length, 1);
    assert.deepEqual(remains(), []);
  });
}

test('a command that stops reading its input keeps running', { skip }, async () => {
  const script = 'exec <&-; echo closed; head -c 100000000 /dev/zero | wc -c; exit 4';
  const session = await opened.engine.exec('p', { command: ['/bin/sh', '-c', script], hasInput: true });
  const { line, rest } = await readLine(session);
  assert.equal(line, 'closed');
  const sent = (async () => {
    for (let i = 0; i < 64; i += 1) await session.write(Buffer.alloc(65_536, 'x'));
  })();
  const { code, stdout, stderr } = await finish(session);
  assert.deepEqual([code, rest + stdout, stderr], [4, '100000000\n', '']);
  await sent;
});

test('background processes of a command end with it', { skip }, async () => {
  assert.equal((await run('sleep 1000 >/dev/null 2>&1 </dev/null & exit 4')).code, 4);
  assert.equal((await opened.engine.processes('p')).length, 1);
});

test('a hundred commands leak no descriptor and no process', { skip }, async () => {
  await run('true');
  const before = openDescriptors();
  for (let round = 0; round < 10; round += 1) {
    const terminal = round % 2 === 0 ? { terminal: { columns: 80, rows: 24 } } : {};
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => run('echo x', terminal)));
    for (const { code, stdout } of outcomes) assert.deepEqual([code, stdout.trim()], [0, 'x']);
  }
  assert.deepEqual(remains(), []);
  // Descriptors of a command may be closed after its end was told.
  const isClosed = await pollUntil(() => openDescriptors().length <= before.length, { timeoutMs: 30_000 });
  if (!isClosed) assert.deepEqual(openDescriptors(), before);
});

test('commands end with the plugin, and with the engine', { skip }, async () => {
  const first = await opened.engine.exec('p', { command: ['sleep', '1000'] });
  await opened.engine.disable('p');
  assert.equal(await first.ended, 137);
  await assert.rejects(
    opened.engine.exec('p', { command: ['true'] }),
    /plugin p:latest is not running: it is disabled/,
  );
  await opened.engine.enable('p');
  const second = await opened.engine.exec('p', { command: ['sleep', '1000'] });
  await opened.reopen();
  assert.equal(await second.ended, 137);
  assert.deepEqual(remains(), []);
});
