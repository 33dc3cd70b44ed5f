/**
 * The packed example runs from its own root filesystem, with nothing of the host.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startPluginProcess } from '../support/node-plugin.ts';
import { callPlugin } from '../support/plugin-client.ts';
import { needsSshfs } from '../support/sshfs-plugin.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));
const packScript = join(repository, 'scripts', 'pack-plugin.mjs');
const exampleDirectory = join(repository, 'examples', 'volume-local');

async function withPackedExample(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-packed-'));
  try {
    await run(process.execPath, [
      join(repository, 'node_modules', 'typescript', 'bin', 'tsc'),
      '--build',
      exampleDirectory,
    ]);
    await run(process.execPath, [packScript, exampleDirectory, directory]);
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const skip = process.getuid?.() === 0 ? false : 'chroot needs root';

test('a packed plugin runs under chroot and serves volumes', { skip }, () =>
  withPackedExample(async (directory) => {
    const rootfs = join(directory, 'rootfs');
    const socket = join(rootfs, 'run', 'docker', 'plugins', 'volume-local.sock');
    const { entrypoint } = JSON.parse(await readFile(join(directory, 'config.json'), 'utf8'));
    await using plugin = await startPluginProcess(['chroot', rootfs, ...entrypoint], socket);
    assert.deepEqual((await callPlugin(socket, 'Plugin.Activate')).body, { Implements: ['VolumeDriver'] });
    assert.equal((await callPlugin(socket, 'VolumeDriver.Create', { Name: 'data' })).status, 200);
    assert.ok((await stat(join(rootfs, 'mnt', 'volumes', 'data'))).isDirectory());
    assert.equal(await plugin.end('SIGTERM'), 0);
  }),
);

test('the package contains no tests and no source maps, and packing refuses a directory that is in use', () =>
  withPackedExample(async (directory) => {
    const { stdout } = await run('find', [
      directory,
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
    await assert.rejects(run(process.execPath, [packScript, exampleDirectory, directory]), /exists already/);
  }));

test('programs that a plugin calls are packed with their libraries, and run in its root filesystem', {
  skip: skip || needsSshfs,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-packed-'));
  try {
    const example = join(repository, 'examples', 'volume-sshfs');
    await run(process.execPath, [
      join(repository, 'node_modules', 'typescript', 'bin', 'tsc'),
      '--build',
      example,
    ]);
    await run(process.execPath, [packScript, example, join(directory, 'packed')]);
    const rootfs = join(directory, 'packed', 'rootfs');
    await run('mkdir', ['-p', join(rootfs, 'dev')]);
    await run('mknod', [join(rootfs, 'dev', 'null'), 'c', '1', '3']);
    const inPlugin = (...command: readonly string[]) => run('chroot', [rootfs, ...command]);
    assert.match((await inPlugin('/usr/bin/sshfs', '--version')).stdout, /^SSHFS version 3/m);
    assert.match((await inPlugin('/usr/bin/ssh', '-V')).stderr, /^OpenSSH/);
    assert.match((await inPlugin('/usr/bin/fusermount3', '--version')).stdout, /^fusermount3 version/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a plugin that calls a program that is not there is not packed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-packed-'));
  try {
    const manifest = { name: 'p', outboard: { programs: ['no-such-program'] } };
    await writeFile(join(directory, 'package.json'), JSON.stringify(manifest));
    await writeFile(
      join(directory, 'config.json'),
      '{"entrypoint":["/usr/bin/node"],"interface":{"types":["docker.volumedriver/1.0"],"socket":"p.sock"}}',
    );
    const packing = run(process.execPath, [packScript, directory, join(directory, 'packed')]);
    await assert.rejects(packing, /the plugin calls "no-such-program", which this machine lacks/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('packing fails with an error where no directory can be created', async () => {
  const packing = run(process.execPath, [packScript, exampleDirectory, '/proc/outboard-none/packed']);
  await assert.rejects(packing, /cannot make directory .*\/proc\/outboard-none/);
});
