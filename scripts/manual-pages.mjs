#!/usr/bin/env node
/**
 * `node scripts/manual-pages.mjs DIRECTORY` writes the pages of the manual, from the same tables as `--help`. Runs after
 * the build. Their date is that of the sources, so that they are the same each time.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMain } from './is-main.mjs';
import { makeDirectories } from './make-directories.mjs';
import { sourceDate } from './package/source-date.mjs';

/**
 * Write all pages into one directory, such as `outboard.1` and `outboard-daemon.8`.
 *
 * @param {string} directory made if missing
 * @returns {Promise<readonly string[]>} names of the files
 */
export async function writeManualPages(directory) {
  // Loaded here: the packages are compiled when this function runs, not when a script imports this file.
  const [{ manualPages }, { describeDaemon }] = await Promise.all([
    import('@outboard/cli/manual'),
    import('@outboard/daemon/manual'),
  ]);
  const date = new Date(sourceDate() * 1000).toISOString().slice(0, 10);
  const pages = manualPages(describeDaemon(), date);
  makeDirectories(directory);
  for (const { file, text } of pages) writeFileSync(join(directory, file), text);
  return pages.map(({ file }) => file);
}

if (isMain(import.meta.url)) {
  const [directory] = process.argv.slice(2);
  if (directory === undefined) {
    process.stderr.write('usage: node scripts/manual-pages.mjs DIRECTORY\n');
    process.exitCode = 125;
  } else {
    const files = await writeManualPages(directory);
    process.stdout.write(`wrote ${files.length} pages to ${directory}\n`);
  }
}
