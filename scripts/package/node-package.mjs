/**
 * The Node.js that packages contain.
 */
import { installedNode } from '../node-versions.mjs';

/**
 * Its major version. Of the lines with long-term support it is the newest that needs nothing but the C and C++ libraries
 * of a minimal Debian.
 */
const major = 24;

/**
 * Find the installed npm package with the official program; it is installed if missing, from its locked version and
 * verified by its digest.
 *
 * @returns {string} its directory, with `bin/node` and `LICENSE`
 */
export function nodePackage() {
  return installedNode(major);
}
