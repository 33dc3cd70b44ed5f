import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CgroupMount } from './cgroup-mounts.ts';
import { readCgroupUsage } from './resource-usage.ts';

/** Hierarchies with the files of one cgroup, `/plugin`. */
function hierarchies(
  context: TestContext,
  trees: readonly { readonly version: 1 | 2; readonly files: Readonly<Record<string, string>> }[],
): readonly CgroupMount[] {
  const root = mkdtempSync(join(tmpdir(), 'outboard-cgroup-'));
  context.after(() => rmSync(root, { recursive: true }));
  return trees.map(({ version, files }, index) => {
    const mountPoint = join(root, String(index));
    for (const [name, content] of Object.entries(files)) {
      const path = join(mountPoint, 'plugin', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
    return { mountPoint, version };
  });
}

const cpuacct = { version: 1, files: { 'cpuacct.usage': '2500000000\n' } } as const;
const memory = {
  version: 1,
  files: {
    'memory.usage_in_bytes': '1000000\n',
    'memory.stat': 'cache 5\ninactive_file 1\ntotal_cache 5\ntotal_inactive_file 400000\n',
  },
} as const;

test('S21 readCgroupUsage() reads both hierarchies of cgroup v1', async (t) => {
  const mounts = hierarchies(t, [cpuacct, memory, { version: 1, files: { 'cgroup.procs': '1\n' } }]);
  assert.deepEqual(await readCgroupUsage('/plugin', mounts), { cpuSeconds: 2.5, memoryBytes: 600_000 });
});

test('S21 readCgroupUsage() reads cgroup v2', async (t) => {
  const files = {
    'cpu.stat': 'usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\n',
    'memory.current': '800\n',
    'memory.stat': 'anon 1\nfile 2\ninactive_file 300\nactive_file 1\n',
  };
  const mounts = hierarchies(t, [{ version: 2, files }]);
  assert.deepEqual(await readCgroupUsage('/plugin', mounts), { cpuSeconds: 1.5, memoryBytes: 500 });
});

test('S21 readCgroupUsage() prefers v1 on a hybrid host, and uses v2 for what v1 does not count', async (t) => {
  const version2 = { version: 2, files: { 'cpu.stat': 'usage_usec 1\n', 'memory.current': '7\n' } } as const;
  const both = hierarchies(t, [cpuacct, version2]);
  assert.deepEqual(await readCgroupUsage('/plugin', both), { cpuSeconds: 2.5, memoryBytes: 7 });
});

test('readCgroupUsage() looks for a figure only where its controller is, and not on v2 once v1 has told it', async (t) => {
  const version2 = { version: 2, files: { 'cpu.stat': 'usage_usec 1\n', 'memory.current': '7\n' } } as const;
  const mounts = hierarchies(t, [cpuacct, cpuacct, memory, version2]).map((mount, index) => {
    const controllers = [['rw', 'pids'], ['rw', 'cpu', 'cpuacct'], ['rw', 'memory'], undefined][index];
    return controllers === undefined ? mount : { ...mount, controllers };
  });
  const [others, , , unified] = mounts;
  // Content that would be an error if it were read: a directory in the place of the file.
  for (const path of [
    `${others?.mountPoint}/plugin/cpuacct.usage`,
    `${unified?.mountPoint}/plugin/cpu.stat`,
  ]) {
    rmSync(path);
    mkdirSync(path);
  }
  assert.deepEqual(await readCgroupUsage('/plugin', mounts), { cpuSeconds: 2.5, memoryBytes: 600_000 });
});

test('readCgroupUsage() leaves out figures that are absent, not a number, or without a controller', async (t) => {
  const mounts = hierarchies(t, [
    { version: 1, files: { 'cpuacct.usage': 'max\n' } },
    { version: 2, files: { 'cpu.stat': 'nr_periods 0\n' } },
  ]);
  assert.deepEqual(await readCgroupUsage('/plugin', mounts), {});
  assert.deepEqual(await readCgroupUsage('/gone', mounts), {});
});

test('readCgroupUsage() shows no negative memory', async (t) => {
  const files = { 'memory.current': '10\n', 'memory.stat': 'inactive_file 11\n' };
  const mounts = hierarchies(t, [{ version: 2, files }]);
  assert.deepEqual(await readCgroupUsage('/plugin', mounts), { memoryBytes: 0 });
});
