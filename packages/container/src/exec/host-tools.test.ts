import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHostTools } from './host-tools.ts';

test('openHostTools() refuses a busybox that needs shared libraries, and names the package to install', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-tools-'));
  const path = process.env.PATH;
  context.after(async () => {
    process.env.PATH = path;
    await rm(directory, { recursive: true });
  });
  await copyFile('/bin/true', join(directory, 'busybox'));
  process.env.PATH = directory;
  await assert.rejects(openHostTools(directory), {
    kind: 'system',
    code: 'program-missing',
    message: `"${join(directory, 'busybox')}" needs shared libraries, which the container may lack: install the Debian package "busybox-static"`,
  });
  assert.deepEqual(await readdir(directory), ['busybox']);
});
