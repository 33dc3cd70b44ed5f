/**
 * Finding test files.
 */
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

const FOLDERS = ['packages', 'examples', 'bench', 'tests'];
const NOT_SOURCE = new Set(['node_modules', 'dist']);

/**
 * Every test file of the repository.
 *
 * @param {string} root the repository
 * @param {readonly string[]} parts when given, only files whose path contains one of them
 * @returns {Promise<readonly string[]>} paths relative to the root, sorted
 */
export async function findTests(root, parts) {
  const found = (await Promise.all(FOLDERS.map((folder) => testsBelow(join(root, folder))))).flat();
  const paths = found.map((path) => relative(root, path)).sort();
  return parts.length === 0 ? paths : paths.filter((path) => parts.some((part) => path.includes(part)));
}

async function testsBelow(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_SOURCE.has(entry.name) ? [] : testsBelow(path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
  return (await Promise.all(nested)).flat();
}
