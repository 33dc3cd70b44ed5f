/**
 * Compares the installed npm packages with the lock file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Compare the lock file with npm's own record of the installation, so that a manual `npm install` is noticed.
 *
 * @param {string} root directory of the lock file
 * @returns {boolean}
 */
export function arePackagesInstalled(root) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readPackages(record);
  return Object.entries(readPackages(join(root, 'package-lock.json')))
    .filter(([path]) => path.startsWith('node_modules/'))
    .every(([path, wanted]) => isInstalled(installed[path], wanted));
}

/**
 * Optional packages are mostly those of other platforms. Links are directories of this repository, without a version.
 */
function isInstalled(found, wanted) {
  if (found === undefined) return wanted.optional === true;
  return found.version === wanted.version && found.integrity === wanted.integrity;
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
