/**
 * Packs the npm packages: the libraries, each from a directory of its own.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { npmLibraries, stageNpmLibrary } from './npm-libraries.mjs';

/**
 * Pack the libraries of a built checkout.
 *
 * @param {{ root: string, staging: string, destination: string, version: string }} options `staging` must not exist;
 *   `destination` must
 * @returns {readonly string[]} paths of the packages
 * @throws {Error} if npm fails
 */
export function packNpmLibraries({ root, staging, destination, version }) {
  const directories = npmLibraries.map((library) => {
    const directory = join(staging, library);
    stageNpmLibrary(library, { root, directory, version });
    return directory;
  });
  return packNpmDirectories(directories, destination);
}

/**
 * Pack directories with a package.json.
 *
 * @param {readonly string[]} directories
 * @param {string} destination
 * @returns {readonly string[]} paths of the packages
 * @throws {Error} if npm fails
 */
export function packNpmDirectories(directories, destination) {
  // One run for all: npm takes longer to start than to pack.
  const args = ['pack', '--ignore-scripts', '--silent', `--pack-destination=${destination}`, ...directories];
  const { status, stdout, error } = spawnSync('npm', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm pack failed with ${status}`, { cause: error });
  return stdout
    .trim()
    .split('\n')
    .map((name) => join(destination, name));
}
