/**
 * The disk with all that the virtual machine needs of this one: the repository as it was built, bundles of the tests, the
 * docker command line if there is one, and the program that runs commands.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleTests } from '../bundle-tests.mjs';
import { findProgram } from '../debian-packages.mjs';
import { makeDirectories } from '../make-directories.mjs';

/** Mount point of the disk in the machine. */
export const mountPoint = '/run/outboard-work';

/**
 * Make the disk.
 *
 * @param {{ root: string, files: readonly string[], directory: string }} options the repository, files of tests and
 *   programs to bundle, and the directory of the disk
 * @returns {Promise<string>} path of the disk
 */
export async function makeWorkDisk({ root, files, directory }) {
  const tree = join(directory, 'work');
  const repository = join(tree, 'repository');
  makeDirectories(join(tree, 'programs'));
  copyRepository(root, repository);
  await bundleTests(files, { root, directory: join(tree, 'bundles') });
  cpSync(fileURLToPath(new URL('agent.mjs', import.meta.url)), join(tree, 'agent.mjs'));
  const docker = findProgram('docker');
  if (docker !== undefined) cpSync(docker, join(tree, 'programs', 'docker'), { dereference: true });
  const path = join(directory, 'work.img');
  writeFileSync(path, '');
  truncateSync(path, 2 ** 31);
  run(
    'mke2fs',
    '-q',
    '-t',
    'ext4',
    '-O',
    '^metadata_csum_seed,^orphan_file',
    '-L',
    'outboard-work',
    '-d',
    tree,
    path,
  );
  rmSync(tree, { recursive: true });
  return path;
}

/** By links where that is possible: there are many files, and nothing changes them. */
function copyRepository(root, repository) {
  const entries = readdirSync(root)
    .filter((name) => name !== '.git')
    .map((name) => join(root, name));
  mkdirSync(repository);
  const { status } = spawnSync('cp', ['-al', ...entries, repository], { stdio: 'ignore' });
  if (status !== 0) {
    rmSync(repository, { recursive: true });
    mkdirSync(repository);
    run('cp', '-a', ...entries, repository);
  }
  // Other versions of Node.js.
  rmSync(join(repository, 'scripts', 'node-versions', 'node_modules'), { recursive: true, force: true });
}

/** Path of a bundle in the machine. @param {string} file relative to the repository */
export function bundleInMachine(file) {
  return join(mountPoint, 'bundles', file.replace(/\.ts$/, '.mjs'));
}

function run(...[program, ...args]) {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`"${program}" ended with ${status}`, { cause: error });
}
