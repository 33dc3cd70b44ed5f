/**
 * Packs the npm packages, each from a directory of its own.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npmLibraries, stageNpmLibrary } from './npm-libraries.mjs';
import { stageNpmProgram } from './npm-program.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Pack the program and the libraries.
 *
 * @param {string} tree an installation
 * @param {object} options
 * @param {string} options.staging a directory that does not exist
 * @param {string} options.output directory of the packages
 * @param {string} options.version
 * @param {boolean} options.libraries whether to pack them beside the program
 * @returns {readonly string[]} paths of the packages
 * @throws {Error} if npm fails
 */
export function packNpmPackages(tree, { staging, output, version, libraries }) {
  const program = join(staging, 'outboard');
  stageNpmProgram(tree, { root, directory: program, version });
  const directories = (libraries ? npmLibraries : []).map((library) => {
    const directory = join(staging, library);
    stageNpmLibrary(library, { root, directory, version });
    return directory;
  });
  // One run for all: npm takes longer to start than to pack.
  const packed = [program, ...directories];
  const args = ['pack', '--ignore-scripts', '--silent', `--pack-destination=${output}`, ...packed];
  const { status, stdout, error } = spawnSync('npm', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm pack failed with ${status}`, { cause: error });
  return stdout
    .trim()
    .split('\n')
    .map((name) => join(output, name));
}
