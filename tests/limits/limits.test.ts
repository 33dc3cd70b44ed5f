/**
 * Limits in the kernel: set by author or operator, at the start of a plugin and while it runs.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OutboardError } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { type ProbePlugin, startProbePlugin } from '../support/probe-plugin.ts';
import { pidOfPlugin, pluginCgroups } from '../support/running-plugins.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;
const mebibyte = 1024 * 1024;

let opened: TestEngine;
/** Requests limits of its own. */
let modest: ProbePlugin;
/** Requests no limits. */
let plain: ProbePlugin;

before(async () => {
  if (skip !== false) return;
  opened = await openTestEngine();
  modest = await startProbePlugin(opened, 'modest', {
    config: { outboard: { limits: { memoryBytes: 128 * mebibyte, cpus: 0.75, pids: 40, openFiles: 333 } } },
  });
  plain = await startProbePlugin(opened, 'plain');
});

after(() => opened?.[Symbol.asyncDispose]());

/** Content of a file in the plugin's cgroup, in the v1 or v2 hierarchy that has it. */
function cgroupFile(plugin: ProbePlugin, ...names: readonly string[]): string {
  const hierarchies = ['', 'memory', 'cpu', 'cpu,cpuacct', 'pids'];
  for (const hierarchy of hierarchies) {
    for (const name of names) {
      const directories = pluginCgroups(join('/sys/fs/cgroup', hierarchy), plugin.id);
      const path = directories.map((directory) => join(directory, name)).find(existsSync);
      if (path !== undefined) return readFileSync(path, 'utf8').trim();
    }
  }
  throw new Error(`no hierarchy has ${names} for the plugin`);
}

function memoryLimit(plugin: ProbePlugin): string {
  return cgroupFile(plugin, 'memory.max', 'memory.limit_in_bytes');
}

function processorQuota(plugin: ProbePlugin): string {
  return cgroupFile(plugin, 'cpu.max', 'cpu.cfs_quota_us').replace(/ 100000$/, '');
}

function processLimit(plugin: ProbePlugin): string {
  return cgroupFile(plugin, 'pids.max');
}

test('limits requested by the author are in force from the start', { skip }, async () => {
  assert.equal(memoryLimit(modest), String(128 * mebibyte));
  assert.equal(processorQuota(modest), '75000');
  assert.equal(processLimit(modest), '40');
  assert.equal(await modest.shell('ulimit -n'), '333');
  assert.equal(await modest.shell('ulimit -Hn'), '333');
});

test('a plugin without limits has none', { skip }, async () => {
  assert.match(memoryLimit(plain), /^(max|9223372036854771712)$/);
  assert.match(processorQuota(plain), /^(max|-1)$/);
  assert.equal(processLimit(plain), 'max');
});

test('a fork bomb stops at the process limit, and the plugin still answers', { skip }, async () => {
  const bomb = 'for i in $(seq 100); do sleep 1000 >/dev/null 2>&1 & done; echo survived';
  const { code, stderr } = await modest.attempt(bomb);
  assert.notEqual(code, 0, 'every fork succeeded');
  assert.match(stderr, /[Cc]annot fork|Resource temporarily unavailable/);
  assert.equal(Number(cgroupFile(modest, 'pids.current')) <= 40, true, 'more processes than allowed');
  // Remaining processes must not keep the following tests from forking.
  await opened.engine.disable('modest');
  await opened.engine.enable('modest');
  assert.equal(await modest.shell('echo answers'), 'answers');
});

test('a process that exceeds the memory limit is killed, with and without swap', { skip }, async () => {
  const hog = "node -e 'const kept = []; for (;;) kept.push(Buffer.alloc(8 << 20, 1))'";
  const { code } = await modest.attempt(`${hog}; echo $? >&2; exit 3`);
  // The kernel kills the largest process: the one that takes memory, or also its parent, which is the plugin.
  assert.equal([3, -1].includes(code), true, `the hog was not killed: ${code}`);
  const status = cgroupFile(modest, 'memory.events', 'memory.oom_control');
  assert.match(status, /^oom_kill [1-9]/m);
  // Otherwise the supervisor could restart it at any moment.
  await opened.engine.restart('modest');
});

test('limits of a running plugin change at once', { skip }, async () => {
  const pid = pidOfPlugin(opened.execRoot, plain.id);
  const notices = await opened.engine.update('plain', {
    limits: { memoryBytes: 256 * mebibyte, cpus: 0.5, pids: 77 },
  });
  assert.deepEqual(notices, []);
  assert.equal(memoryLimit(plain), String(256 * mebibyte));
  assert.equal(processorQuota(plain), '50000');
  assert.equal(processLimit(plain), '77');
  assert.deepEqual(await opened.engine.update('plain', { limits: { pids: null, cpus: 0 } }), []);
  assert.equal(memoryLimit(plain), String(256 * mebibyte));
  assert.match(processorQuota(plain), /^(max|-1)$/);
  assert.equal(processLimit(plain), 'max');
  assert.equal(pidOfPlugin(opened.execRoot, plain.id), pid, 'the plugin was restarted');
});

test('limits that cannot change for a running process take effect at the next start, which is reported', {
  skip,
}, async () => {
  const notices = await opened.engine.update('plain', { limits: { openFiles: 222 } });
  assert.deepEqual(notices, ['"Limits.OpenFiles" takes effect when the plugin is started the next time']);
  assert.notEqual(await plain.shell('ulimit -n'), '222');
  await opened.engine.disable('plain');
  await opened.engine.enable('plain');
  assert.equal(await plain.shell('ulimit -n'), '222');
});

test('a limit that the kernel refuses changes nothing', { skip }, async () => {
  const before = opened.engine.options('plain');
  const memoryBefore = memoryLimit(plain);
  // A Node.js program needs more than this.
  await assert.rejects(
    opened.engine.update('plain', { limits: { memoryBytes: 6 * mebibyte, pids: 5 } }),
    (error) => error instanceof OutboardError && error.kind === 'conflict' && /memory/.test(error.message),
  );
  assert.deepEqual(opened.engine.options('plain'), before);
  assert.equal(memoryLimit(plain), memoryBefore);
  assert.notEqual(processLimit(plain), '5');
});

test('more CPUs than the host has are refused with the error text of Docker', { skip }, async () => {
  await assert.rejects(
    opened.engine.update('plain', { limits: { cpus: 60_000 } }),
    /^OutboardError: range of CPUs is from 0.01 to \d+\.00, as there are only \d+ CPUs available$/,
  );
});

test('settings of the operator survive a restart of the daemon, and override those of the author', {
  skip,
}, async () => {
  await opened.engine.update('modest', { limits: { pids: 60, cpus: 0 }, restart: { name: 'no' } });
  const engine = await opened.reopen();
  assert.deepEqual(engine.options('modest'), {
    inForce: { limits: { memoryBytes: 128 * mebibyte, pids: 60, openFiles: 333 }, restart: { name: 'no' } },
    overrides: { limits: { pids: 60, cpus: 0 }, restart: { name: 'no' } },
    author: { limits: { memoryBytes: 128 * mebibyte, cpus: 0.75, pids: 40, openFiles: 333 } },
  });
  assert.equal(processLimit(modest), '60');
  assert.deepEqual(await engine.update('modest', { limits: null, restart: null }), []);
  assert.equal(processLimit(modest), '40');
  assert.equal(processorQuota(modest), '75000');
});
