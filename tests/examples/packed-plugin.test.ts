/**
 * The packed example must run from its own root filesystem, with nothing of the host.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startPluginProcess } from '../support/node-plugin.ts';
import { callPlugin } from '../support/plugin-client.ts';

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const PACK = join(REPOSITORY, 'scripts', 'pack-plugin.mjs');
const EXAMPLE = join(REPOSITORY, 'examples', 'volume-local');

async function withPackedExample(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'outboard-packed-'));
  try {
    await run(process.execPath, [
      join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc'),
      '--build',
      EXAMPLE,
    ]);
    await run(process.execPath, [PACK, EXAMPLE, folder]);
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const skip = process.getuid?.() === 0 ? false : 'chroot needs root';

test('a packed plugin runs under chroot and serves volumes', { skip }, () =>
  withPackedExample(async (folder) => {
    const rootfs = join(folder, 'rootfs');
    const socket = join(rootfs, 'run', 'docker', 'plugins', 'volume-local.sock');
    const { entrypoint } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    await using plugin = await startPluginProcess(['chroot', rootfs, ...entrypoint], socket);
    assert.deepEqual((await callPlugin(socket, 'Plugin.Activate')).body, { Implements: ['VolumeDriver'] });
    assert.equal((await callPlugin(socket, 'VolumeDriver.Create', { Name: 'data' })).status, 200);
    assert.ok((await stat(join(rootfs, 'mnt', 'volumes', 'data'))).isDirectory());
    assert.equal(await plugin.end('SIGTERM'), 0);
  }),
);

test('packing holds no tests, no source maps, and refuses a folder that is in use', () =>
  withPackedExample(async (folder) => {
    const { stdout } = await run('find', [
      folder,
      '-name',
      '*.test.*',
      '-o',
      '-name',
      '*.map',
      '-o',
      '-name',
      '*.ts',
    ]);
    assert.equal(stdout, '');
    await assert.rejects(run(process.execPath, [PACK, EXAMPLE, folder]), /EEXIST/);
  }));

test('packing ends where no directory can be made, and says so', async () => {
  const packing = run(process.execPath, [PACK, EXAMPLE, '/proc/outboard-none/packed']);
  await assert.rejects(packing, /cannot create directory .*\/proc\/outboard-none/);
});
