import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CgroupMount } from './cgroup-mounts.ts';
import { readCgroupStats } from './resource-stats.ts';

/** A hierarchy with the files of one cgroup, `/plugin`. */
function hierarchy(
  context: TestContext,
  version: 1 | 2,
  files: Readonly<Record<string, string>>,
): CgroupMount {
  const mountPoint = mkdtempSync(join(tmpdir(), 'outboard-cgroup-'));
  context.after(() => rmSync(mountPoint, { recursive: true }));
  mkdirSync(join(mountPoint, 'plugin'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(mountPoint, 'plugin', name), content);
  return { mountPoint, version };
}

test('readCgroupStats() reads the hierarchies of cgroup v1', async (t) => {
  const transfer =
    '8:0 Read 4096\n8:0 Write 10\n8:0 Sync 1\n8:0 Total 4106\n8:16 Read 1\n8:16 Write 2\nTotal 4109\n';
  const mounts = [
    hierarchy(t, 1, { 'memory.usage_in_bytes': '100\n', 'memory.limit_in_bytes': '4096\n' }),
    hierarchy(t, 1, { 'pids.current': '3\n', 'pids.max': '10\n' }),
    hierarchy(t, 1, { 'blkio.throttle.io_service_bytes': transfer }),
    hierarchy(t, 1, { 'cpuacct.usage': '1000000000\n' }),
    hierarchy(t, 2, { 'pids.max': 'max\n' }),
  ];
  assert.deepEqual(await readCgroupStats('/plugin', mounts), {
    cpuSeconds: 1,
    memoryBytes: 100,
    memoryLimitBytes: 4096,
    tasks: 3,
    taskLimit: 10,
    readBytes: 4097,
    writtenBytes: 12,
  });
});

test('readCgroupStats() prefers recursive figures of v1', async (t) => {
  const mount = hierarchy(t, 1, {
    'blkio.throttle.io_service_bytes': '8:0 Read 1\n',
    'blkio.throttle.io_service_bytes_recursive': '8:0 Read 2\n8:0 Write 3\n',
  });
  assert.deepEqual(await readCgroupStats('/plugin', [mount]), { readBytes: 2, writtenBytes: 3 });
});

test('readCgroupStats() reads cgroup v2', async (t) => {
  const mount = hierarchy(t, 2, {
    'memory.current': '100\n',
    'memory.max': '4096\n',
    'pids.current': '3\n',
    'pids.max': '10\n',
    'io.stat':
      '8:0 rbytes=4096 wbytes=10 rios=1 wios=1 dbytes=7 dios=0\n259:0 rbytes=1 wbytes=2 rios=1 wios=1\n',
    'cpu.stat': 'usage_usec 1000000\n',
  });
  assert.deepEqual(await readCgroupStats('/plugin', [mount]), {
    cpuSeconds: 1,
    memoryBytes: 100,
    memoryLimitBytes: 4096,
    tasks: 3,
    taskLimit: 10,
    readBytes: 4097,
    writtenBytes: 12,
  });
});

test('readCgroupStats() leaves out absent limits of either version', async (t) => {
  const first = hierarchy(t, 1, { 'memory.limit_in_bytes': '9223372036854771712\n', 'pids.max': 'max\n' });
  assert.deepEqual(await readCgroupStats('/plugin', [first]), {});
  const second = hierarchy(t, 2, { 'memory.max': 'max\n', 'pids.max': 'max\n' });
  assert.deepEqual(await readCgroupStats('/plugin', [second]), {});
});

test('readCgroupStats() returns nothing for a removed cgroup', async (t) => {
  assert.deepEqual(await readCgroupStats('/gone', [hierarchy(t, 2, {})]), {});
});
