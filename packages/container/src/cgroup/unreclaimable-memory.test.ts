import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readUnreclaimableMemory } from './unreclaimable-memory.ts';

/** Of Linux 6.1; the rest of memory.stat is left out. */
const stat = `anon 52428800
file 31457280
kernel 1048576
active_file 10485760
inactive_file 20971520
slab_reclaimable 524288
slab_unreclaimable 262144
`;

test('readUnreclaimableMemory() counts memory that the kernel cannot reclaim', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-memory-'));
  context.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'memory.current'), '84934656\n');
  writeFileSync(join(directory, 'memory.stat'), stat);
  return readUnreclaimableMemory(directory).then((bytes) =>
    assert.equal(bytes, 84934656 - 31457280 - 524288),
  );
});

test('readUnreclaimableMemory() returns undefined for cgroup v1, and for a removed cgroup', async () => {
  assert.equal(await readUnreclaimableMemory('/sys/fs/cgroup/none'), undefined);
  assert.equal(await readUnreclaimableMemory(tmpdir()), undefined);
});
