/**
 * Finds test files.
 */
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

const directories = ['packages', 'examples', 'bench', 'tests'];
const notSource = new Set(['node_modules', 'dist']);

/**
 * Find the test files of the repository.
 *
 * @param {string} root the repository
 * @param {readonly string[]} parts if given, only files whose path contains one of them
 * @returns {Promise<readonly string[]>} paths relative to the root, sorted
 */
export async function findTests(root, parts) {
  const found = (await Promise.all(directories.map((directory) => testsBelow(join(root, directory))))).flat();
  const paths = found.map((path) => relative(root, path)).sort();
  return parts.length === 0 ? paths : paths.filter((path) => parts.some((part) => path.includes(part)));
}

async function testsBelow(directory) {
  const entries = await readdir(directory, { withFileTypes: true });
  const nested = entries.map((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return notSource.has(entry.name) ? [] : testsBelow(path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
  return (await Promise.all(nested)).flat();
}
