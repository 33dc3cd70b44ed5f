/**
 * The init of a plugin: orphaned processes do not stay as zombies and do not count in the limit of processes.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ExecSession } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { untilState } from '../support/plugin-states.ts';
import { type ProbePlugin, startProbePlugin } from '../support/probe-plugin.ts';
import { pidOfPlugin, pluginCgroups } from '../support/running-plugins.ts';
import { slowed } from '../support/slowness.ts';
import { mountSmallTmpfs } from '../support/small-tmpfs.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;
const copy = '/run/docker/plugins/.outboard-init';
/** For itself and its shell, which the program of the plugin waits for. */
const listProcesses = 'for p in /proc/[0-9]*; do cut -d" " -f1-3 $p/stat 2>/dev/null; done; true';

/** A plugin with an init, and 64 processes at most. */
async function startWithInit(
  opened: Pick<TestEngine, 'engine' | 'execRoot'>,
  options: Parameters<typeof startProbePlugin>[2] = {},
) {
  const plugin = await startProbePlugin(opened, 'p', options);
  const latent = await opened.engine.update('p', { init: true, limits: { pids: 64 } });
  assert.deepEqual(latent, ['"Init" takes effect when the plugin is started the next time']);
  await opened.engine.restart('p');
  return plugin;
}

function countProcesses({ id }: ProbePlugin): number {
  const directories = ['', 'pids'].flatMap((name) => pluginCgroups(join('/sys/fs/cgroup', name), id));
  const path = directories.map((directory) => join(directory, 'pids.current')).find(existsSync);
  return Number(readFileSync(path ?? assert.fail('no hierarchy counts its processes'), 'utf8'));
}

/** An init reaps a moment after the kill, without an event. */
async function untilNoZombies(plugin: ProbePlugin): Promise<void> {
  const deadline = AbortSignal.timeout(slowed(30_000));
  for (;;) {
    const processes = await plugin.shell(listProcesses);
    if (!/^\d+ \(.*\) Z$/m.test(processes)) return;
    assert.equal(deadline.aborted, false, processes);
  }
}

async function untilStarted({ stdout }: ExecSession): Promise<void> {
  let said = '';
  for await (const chunk of stdout) {
    said += chunk;
    if (said.includes('started')) return;
  }
  assert.fail(`the output ended after ${JSON.stringify(said)}`);
}

test('with an init, killed commands and orphaned processes leave no zombie', {
  skip,
}, async () => {
  await using opened = await openTestEngine();
  const plugin = await startWithInit(opened);
  await untilNoZombies(plugin);
  const before = countProcesses(plugin);
  const start = 'sleep 1000 & setsid sleep 1000 & (sleep 1000 & sleep 1000) & echo started';
  for (let round = 0; round < 10; round += 1) {
    const killed = await opened.engine.exec('p', { command: ['/bin/sh', '-c', `${start}; wait`] });
    await untilStarted(killed);
    killed.kill();
    assert.equal(await killed.ended, 137);
    const left = await opened.engine.exec('p', { command: ['/bin/sh', '-c', `${start}; exit 3`] });
    assert.equal(await left.ended, 3);
  }
  await untilNoZombies(plugin);
  assert.equal(countProcesses(plugin), before);
});

test('an init forwards signals, and exits with the status of the plugin’s program', { skip }, async () => {
  await using opened = await openTestEngine();
  const { engine } = opened;
  const plugin = await startWithInit(opened);
  const [first, program, ...others] = await engine.processes('p');
  const beginning = `/run/docker/plugins/.outboard-init -s -- ${process.execPath} `;
  assert.equal(first?.command.slice(0, beginning.length), beginning);
  assert.deepEqual([program?.parentPid, others], [first?.pid, []]);
  await engine.update('p', { restart: { name: 'no' } });
  process.kill(pidOfPlugin(opened.execRoot, plugin.id), 'SIGTERM');
  assert.match((await untilState(engine, 'p', 'failed')).reason, /exited with code 0\b/);
  await engine.restart('p');
  process.kill((await engine.processes('p'))[1]?.pid ?? assert.fail('it does not run'), 'SIGKILL');
  assert.match((await untilState(engine, 'p', 'failed')).reason, /ended by SIGKILL/);
  await engine.update('p', { init: false });
  await engine.restart('p');
  assert.deepEqual((await engine.processes('p')).length, 1);
});

test('a plugin cannot change its init program, which is a file of the host', { skip }, async () => {
  await using opened = await openTestEngine();
  const plugin = await startWithInit(opened);
  assert.notEqual((await plugin.attempt(`echo x > ${copy}`)).code, 0);
  const path = execFileSync('which', ['tini-static'], { encoding: 'utf8' }).trim();
  const inPlugin = join(opened.execRoot, 'plugins', plugin.id, '.outboard-init');
  assert.deepEqual(readFileSync(inPlugin), readFileSync(path));
  assert.notEqual(statSync(inPlugin).ino, statSync(path).ino);
});

test('an init is also used in the pid namespace of the host', { skip }, async () => {
  await using opened = await openTestEngine();
  await startWithInit(opened, { config: { pidHost: true } });
  const [first, program] = await opened.engine.processes('p');
  assert.equal(first?.command.split(' ')[0], copy);
  assert.equal(program?.parentPid, first?.pid);
});

test('an init runs from an exec root that is mounted noexec', { skip }, async () => {
  await using tmpfs = await mountSmallTmpfs({ bytes: 16 * 1024 * 1024 });
  execFileSync('mount', ['-o', 'remount,noexec', tmpfs.path]);
  await mkdir(join(tmpfs.path, 'exec'));
  const execRoot = join(tmpfs.path, 'exec');
  await using opened = await openTestEngine({ execRoot });
  // The roots of the test engine are the default ones.
  const plugin = await startWithInit({ engine: opened.engine, execRoot });
  assert.equal(await plugin.shell('cat /proc/1/cmdline | tr "\\0" " " | cut -d" " -f1'), copy);
});
