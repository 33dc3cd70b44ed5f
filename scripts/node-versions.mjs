/**
 * The official programs of the Node.js versions that Outboard supports, from npm: pinned and locked in the directory
 * `node-versions`, and installed there, where git ignores them. No published package depends on them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { arePackagesInstalled } from './installed-packages.mjs';
import { isMain } from './is-main.mjs';

const directory = fileURLToPath(new URL('node-versions', import.meta.url));
const maxTries = 3;

/**
 * Every supported version except the major version of the running Node.js. Installs missing ones.
 *
 * @returns {readonly { version: string, program?: string }[]} without a program if npm has none for this processor
 * @throws {Error} if npm fails
 */
export function otherNodeVersions() {
  const others = pinnedVersions().filter(
    ({ version }) => version.split('.')[0] !== process.versions.node.split('.')[0],
  );
  return installVersions(others);
}

/**
 * The npm package of one supported version. Installs it if missing; npm verifies the digest of the lock file.
 *
 * @param {number} major
 * @returns {string} its directory, with `bin/node` and `LICENSE`
 * @throws {Error} if npm fails or has none for this processor
 */
export function installedNode(major) {
  const wanted = pinnedVersions().filter(({ version }) => version.split('.')[0] === String(major));
  const [found] = installVersions(wanted);
  if (found?.program === undefined) throw new Error(`npm has no Node.js ${major} for ${process.arch}`);
  return dirname(dirname(found.program));
}

function installVersions(versions) {
  if (isIncomplete(versions)) installLocked();
  return versions.map(({ version, program }) => {
    if (program !== undefined && !existsSync(program))
      throw new Error(`npm did not install Node.js ${version}: there is no "${program}"`);
    return { version, program };
  });
}

function isIncomplete(versions) {
  const isMissing = ({ program }) => program !== undefined && !existsSync(program);
  return versions.some(isMissing) || !arePackagesInstalled(directory);
}

function pinnedVersions() {
  const { optionalDependencies } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const packages = new Map(Object.entries(optionalDependencies));
  const versions = new Set([...packages.values()].map((wanted) => wanted.split('@').at(-1)));
  return [...versions].map((version) => {
    const name = `node${version.split('.')[0]}-${process.arch}`;
    return { version, program: packages.has(name) ? programOf(name) : undefined };
  });
}

function programOf(name) {
  return join(directory, 'node_modules', name, 'bin', 'node');
}

/** Another process may need them at the same time: `npm ci` deletes all of them before it installs. */
function installLocked() {
  const program = fileURLToPath(import.meta.url);
  const { status, error } = spawnSync('flock', [directory, process.execPath, program], { stdio: 'inherit' });
  if (status !== 0) throw new Error('cannot install versions of Node.js', { cause: error });
}

/** A failed download is no error for npm, because the packages of other processors must be optional. */
function install() {
  for (let tries = 0; isIncomplete(pinnedVersions()); tries++) {
    if (tries === maxTries) throw new Error(`npm ci left some out, ${maxTries} times`);
    console.log('npm: installing versions of Node.js');
    // No install scripts: the packages contain the programs themselves.
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status, error } = spawnSync('npm', args, { cwd: directory, stdio: 'inherit' });
    if (status !== 0) throw new Error('npm ci failed', { cause: error });
  }
}

if (isMain(import.meta.url)) install();
