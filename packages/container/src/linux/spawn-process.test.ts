import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, open, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { type SpawnedProcess, type SpawnOptions, spawnProcess } from './spawn-process.ts';

const shell = '/bin/sh';
const bare: SpawnOptions = { env: {}, stdio: ['ignore', 'pipe', 'pipe'] };

function run(script: string, options: SpawnOptions = bare): SpawnedProcess {
  return spawnProcess(shell, ['-c', script], options);
}

function read(child: SpawnedProcess, descriptor: number): Promise<string> {
  const stream = child.stdio[descriptor];
  assert.ok(stream !== undefined, `descriptor ${descriptor} is a pipe`);
  return text(stream);
}

test('spawnProcess() returns the output and the exit code', async () => {
  const child = run('echo out; echo err >&2; exit 7');
  assert.deepEqual(await Promise.all([read(child, 1), read(child, 2)]), ['out\n', 'err\n']);
  assert.deepEqual(await child.ended, { code: 7, signal: null });
});

test('spawnProcess() reports the signal that ended a process, and kill() after that does nothing', async () => {
  const child = run('exec sleep 60', {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  child.kill('SIGKILL');
  assert.deepEqual(await child.ended, { code: null, signal: 'SIGKILL' });
  child.kill('SIGKILL');
});

test('spawnProcess() passes input and its end', async () => {
  const child = spawnProcess('/bin/cat', [], { env: {}, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdio[0]?.end('to be read');
  assert.equal(await read(child, 1), 'to be read');
  assert.equal((await child.ended).code, 0);
});

test('spawnProcess() passes only the environment, directory and arguments that it was given', async () => {
  const cwd = await realpath(await mkdtemp(join(tmpdir(), 'outboard-spawn-')));
  const child = spawnProcess(
    shell,
    ['-c', 'pwd; env | grep -v -e PWD -e _= -e SHLVL; echo "$1"', 'sh', 'a b'],
    {
      ...bare,
      env: { ONLY: 'this one' },
      cwd,
    },
  );
  // The shell finds env(1) and grep(1) by its own default path.
  assert.equal(await read(child, 1), `${cwd}\nONLY=this one\na b\n`);
  await child.ended;
  await rm(cwd, { recursive: true });
});

test('spawnProcess() passes the requested descriptors only', async () => {
  await using file = await open('/dev/null');
  const child = run('ls /proc/self/fd', { ...bare, stdio: ['ignore', 'pipe', 'ignore', file.fd, 'ignore'] });
  const passed = (await read(child, 1)).trim().split('\n').map(Number);
  // 5 is the directory that ls(1) reads; descriptors that the test's parent left open are not checked.
  assert.deepEqual(
    passed.filter((descriptor) => descriptor <= 5 || isClosedOnExec(descriptor)).sort(),
    [0, 1, 2, 3, 4, 5],
  );
  await child.ended;
});

function isClosedOnExec(descriptor: number): boolean {
  const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
  return (Number.parseInt(flags ?? '0', 8) & 0o2000000) !== 0;
}

test('spawnProcess() moves descriptors whose numbers are targets too', async () => {
  // 3 becomes 4 and 4 becomes 3 in the child: neither may be overwritten before it was copied.
  const child = run('echo "$(readlink /proc/self/fd/3)" "$(readlink /proc/self/fd/4)"', {
    env: {},
    stdio: ['ignore', 'pipe', 'ignore', 4, 3],
  });
  await child.ended;
  const [third, fourth] = (await read(child, 1)).trim().split(' ');
  assert.deepEqual([third, fourth], [readlinkSync('/proc/self/fd/4'), readlinkSync('/proc/self/fd/3')]);
});

test('spawnProcess() resets signals: SIGPIPE ends a child, though this process ignores it', async () => {
  const child = run('kill -PIPE $$; exit 1', { env: {}, stdio: ['ignore', 'ignore', 'ignore'] });
  assert.deepEqual(await child.ended, { code: null, signal: 'SIGPIPE' });
});

test('spawnProcess() starts a session with newSession', async () => {
  const script = 'cut -d" " -f6 /proc/self/stat';
  const own = run(script, { ...bare, newSession: true });
  const shared = run(script);
  assert.equal((await read(own, 1)).trim(), String(own.pid));
  assert.notEqual((await read(shared, 1)).trim(), String(shared.pid));
  await Promise.all([own.ended, shared.ended]);
});

test('spawnProcess() throws what execve(2) reports, and leaves no descriptor open', async () => {
  const before = readdirSync('/proc/self/fd').length;
  assert.throws(() => spawnProcess('/nonexistent/program', [], bare), {
    code: 'ENOENT',
    message: /posix_spawn "\/nonexistent\/program": ENOENT/,
  });
  assert.throws(() => spawnProcess('/etc/passwd', [], bare), { code: 'EACCES' });
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

test('spawnProcess() reports each of many children that end at once', async () => {
  const many = Array.from({ length: 40 }, (_, index) =>
    run(`exit ${index}`, { env: {}, stdio: ['ignore', 'ignore', 'ignore'] }),
  );
  const ends = await Promise.all(many.map((child) => child.ended));
  assert.deepEqual(
    ends.map(({ code }) => code),
    many.map((_, index) => index),
  );
  assert.equal(process.listenerCount('SIGCHLD'), 0);
});
