/**
 * Telling a program that was started from a module that was imported.
 */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * @param {string} moduleUrl the asking module's `import.meta.url`
 * @returns {boolean} whether Node.js was started with that module
 */
export function isMain(moduleUrl) {
  const started = process.argv[1];
  return started !== undefined && pathToFileURL(realpathSync(started)).href === moduleUrl;
}
