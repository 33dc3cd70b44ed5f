/**
 * The program neither leaves nor reads files in the directory for temporary files, which every user may write.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const outboard = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

test('the compile cache of Node.js is in the directory of the program, not among temporary files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-tmpdir-'));
  try {
    const env = { ...process.env, TMPDIR: directory };
    await promisify(execFile)(process.execPath, [outboard, '--help'], { env });
    assert.deepEqual(await readdir(directory), []);
  } finally {
    await rm(directory, { recursive: true });
  }
});
