/**
 * Files of packages: modes do not depend on the umask or the checkout.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Copy a file or a directory.
 *
 * @param {string} source
 * @param {string} target
 * @param {(path: string) => boolean} [wants] decides on each path, relative to `source`; a directory is asked for before its content
 */
export function copyTree(source, target, wants = () => true, path = '') {
  const from = join(source, path);
  if (path !== '' && !wants(path)) return;
  const { mode, isDirectory } = factsOf(from);
  if (!isDirectory) return writePlainFile(join(target, path), readFileSync(from), mode);
  for (const name of readdirSync(from).sort()) copyTree(source, target, wants, join(path, name));
}

/**
 * Write a file and the directories above it.
 *
 * @param {string} path
 * @param {string | Uint8Array} content
 * @param {number} [mode]
 */
export function writePlainFile(path, content, mode = 0o644) {
  makePlainDirectory(dirname(path));
  writeFileSync(path, content);
  chmodSync(path, mode);
}

function makePlainDirectory(path) {
  if (existsSync(path)) return;
  makePlainDirectory(dirname(path));
  mkdirSync(path);
  chmodSync(path, 0o755);
}

function factsOf(path) {
  const facts = statSync(path);
  return { mode: facts.mode & 0o100 ? 0o755 : 0o644, isDirectory: facts.isDirectory() };
}
