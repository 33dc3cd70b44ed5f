/**
 * The version of the repository, which all of its packages share.
 */
import { readFileSync } from 'node:fs';

/**
 * Read it from the `package.json` of the repository.
 *
 * @returns {string}
 */
export function repositoryVersion() {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
