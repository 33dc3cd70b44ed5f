/**
 * Distinguishes a started program from an imported module.
 */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * Tell if a module is the started program.
 *
 * @param {string} moduleUrl `import.meta.url` of the module
 * @returns {boolean} whether Node.js was started with that module
 */
export function isMain(moduleUrl) {
  const started = process.argv[1];
  return started !== undefined && pathToFileURL(realpathSync(started)).href === moduleUrl;
}
