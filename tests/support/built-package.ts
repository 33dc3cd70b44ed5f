/**
 * The packages that people install, made once for all test files of a run.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runDirectory } from './run-directory.ts';

/** Built packages of one version. */
export interface BuiltPackages {
  /** Directory with all files; shared with other test files, so only to be read. */
  readonly directory: string;
  readonly version: string;
  /** Name of processors in file names, `amd64` or `arm64`. */
  readonly processor: string;
  /** `outboard-<version>-linux-<processor>.tar.gz` */
  readonly tarball: string;
  /** `outboard_<version>_<processor>.deb` */
  readonly debianPackage: string;
  /** `outboard-<version>.tgz` */
  readonly npmPackage: string;
}

const root = new URL('../..', import.meta.url).pathname;
const currentVersion: string = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

/**
 * Make the packages, unless a test file of this run has done so. Takes some seconds of processor time.
 *
 * @param version another one than the repository's, for tests of upgrades
 */
export async function builtPackages(version = currentVersion): Promise<BuiltPackages> {
  const directory = join(runDirectory(), `packages-${version}`);
  mkdirSync(directory, { recursive: true });
  const made = ['scripts/package.mjs', '--no-build', '--compression=1', `--version=${version}`];
  // Upgrades are those of the program.
  if (version !== currentVersion) made.push('--no-libraries');
  const script = 'directory=$1; shift; [ -e "$directory/SHA256SUMS" ] || exec "$@" "--output=$directory"';
  // Other test files wait for the one that builds; the lock ends with its process.
  const args = [`${directory}.lock`, 'sh', '-c', script, 'sh', directory, process.execPath, ...made];
  await promisify(execFile)('flock', args, { cwd: root });
  const processor = process.arch === 'x64' ? 'amd64' : process.arch;
  const tarball = join(directory, `outboard-${version}-linux-${processor}.tar.gz`);
  const debianPackage = join(directory, `outboard_${version}_${processor}.deb`);
  const npmPackage = join(directory, `outboard-${version}.tgz`);
  for (const file of [tarball, debianPackage, npmPackage])
    if (!existsSync(file)) throw new Error(`not built: ${file}`);
  return { directory, version, processor, tarball, debianPackage, npmPackage };
}
