/**
 * Lays out an installed Outboard as a directory tree; docs/packaging.md describes the layout.
 */
import { chmodSync, copyFileSync, cpSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePrograms } from '../bundle.mjs';
import { makeDirectories } from '../make-directories.mjs';
import { nodePackage } from './node-package.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Lay the tree out.
 *
 * @param {string} tree its prefix, such as `/usr` of a Debian package; must not exist
 * @param {{ release: { version: string }, work: string }} options `work` is a directory for files in between
 */
export function stageInstallation(tree, { release, work }) {
  const library = join(tree, 'lib', 'outboard');
  makeDirectories(join(tree, 'bin'), library);
  bundlePrograms(library, { metafiles: work });
  copyFileSync(join(root, 'packaging', 'outboard.sh'), join(tree, 'bin', 'outboard'));
  copyFileSync(join(nodePackage(), 'bin', 'node'), join(library, 'node'));
  writeManifest(library, release.version);
  copyKoffi(join(library, 'node_modules'));
  cpSync(join(root, 'packaging', 'systemd'), join(library, 'systemd'), { recursive: true });
  normalizeModes(tree, [join(tree, 'bin', 'outboard'), join(library, 'node')]);
}

/** Node.js looks for it to tell what kind of modules the files are; the program reads its version from it. */
function writeManifest(library, version) {
  const manifest = { name: 'outboard', version, private: true, license: 'Apache-2.0', type: 'module' };
  writeFileSync(join(library, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** The files that its loading reads, without sources and libraries for other systems. */
function copyKoffi(modules) {
  const names = readdirSync(join(root, 'node_modules', 'koffi'), { recursive: true });
  const isLoaded = (name) => /^(?:index|src\/koffi\/.*)\.c?js$|^package\.json$|^LICENSE/.test(name);
  for (const name of names.filter(isLoaded)) copyInto(modules, join('koffi', name));
  const library = join('@koromix', `koffi-linux-${process.arch}`);
  for (const name of ['package.json', 'index.js', `linux_${process.arch}/koffi.node`])
    copyInto(modules, join(library, name));
}

function copyInto(modules, file) {
  makeDirectories(dirname(join(modules, file)));
  copyFileSync(join(root, 'node_modules', file), join(modules, file));
}

/**
 * Set all modes: the umask of who builds must not matter.
 *
 * @param {string} path
 * @param {readonly string[]} programs paths of executable files
 */
export function normalizeModes(path, programs) {
  const isDirectory = lstatSync(path).isDirectory();
  chmodSync(path, isDirectory || programs.includes(path) ? 0o755 : 0o644);
  if (isDirectory) for (const name of readdirSync(path)) normalizeModes(join(path, name), programs);
}
