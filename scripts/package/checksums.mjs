/**
 * Writes `SHA256SUMS`, which `sha256sum --check` reads.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Write the digests of files.
 *
 * @param {string} output directory of the list
 * @param {readonly string[]} files
 * @returns {string} path of the list
 */
export function writeChecksums(output, files) {
  const lines = files.map((file) => `${sha256(file)}  ${basename(file)}\n`).sort();
  const list = join(output, 'SHA256SUMS');
  writeFileSync(list, lines.join(''));
  return list;
}

/**
 * Digest of a file.
 *
 * @param {string} file
 * @returns {string} hexadecimal
 */
export function sha256(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
