/**
 * Lays out an installed Outboard as a directory tree; docs/packaging.md describes the layout.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePrograms } from '../bundle.mjs';
import { makeDirectories } from '../make-directories.mjs';
import { writeCodeCaches } from './code-cache.mjs';
import { findContents, licenseText } from './contents.mjs';
import { nodePackage } from './node-package.mjs';
import { runProgram } from './run-program.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

const completions = {
  bash: 'bash-completion/completions/outboard',
  zsh: 'zsh/site-functions/_outboard',
  fish: 'fish/vendor_completions.d/outboard.fish',
};

/**
 * Lay the tree out.
 *
 * @param {string} tree its prefix, such as `/usr` of a Debian package; must not exist
 * @param {{ release: { version: string, date: number }, work: string }} options `work` is a directory for files in between
 * @returns {readonly object[]} the parts of others that it contains
 */
export function stageInstallation(tree, { release, work }) {
  const library = join(tree, 'lib', 'outboard');
  const metafiles = join(work, 'metafiles');
  makeDirectories(join(tree, 'bin'), library, metafiles);
  bundlePrograms(library, { metafiles });
  copyFileSync(join(root, 'packaging', 'outboard.sh'), join(tree, 'bin', 'outboard'));
  copyFileSync(join(nodePackage(), 'bin', 'node'), join(library, 'node'));
  writeManifest(library, release.version);
  copyKoffi(join(library, 'node_modules'));
  writeCodeCaches(library, { work });
  writeShared(join(tree, 'share'), join(library, 'node'), release);
  cpSync(join(root, 'packaging', 'systemd'), join(library, 'systemd'), { recursive: true });
  const contents = findContents(metafiles);
  writeDocuments(join(tree, 'share', 'doc', 'outboard'), contents);
  normalizeModes(tree, [join(tree, 'bin', 'outboard'), join(library, 'node')]);
  return contents;
}

/** Pages of the manual, and completions where shells look for them, from the programs themselves. */
function writeShared(share, node, { date }) {
  const pages = join(root, 'scripts', 'manual-pages.mjs');
  const manual = join(share, 'man');
  const written = join(manual, 'written');
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(date) };
  runProgram(process.execPath, [pages, written], { env });
  for (const name of readdirSync(written)) {
    const section = join(manual, `man${name.slice(-1)}`);
    makeDirectories(section);
    renameSync(join(written, name), join(section, name));
    runProgram('gzip', ['--no-name', '-9', join(section, name)]);
  }
  rmSync(written, { recursive: true });
  for (const [shell, path] of Object.entries(completions)) {
    makeDirectories(dirname(join(share, path)));
    const start = join(dirname(node), 'start.cjs');
    writeFileSync(join(share, path), runProgram(node, [start, 'completion', shell]));
  }
}

function writeDocuments(directory, contents) {
  makeDirectories(directory);
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md'])
    copyFileSync(join(root, name), join(directory, name));
  cpSync(join(root, 'packaging', 'monitoring'), join(directory, 'monitoring'), { recursive: true });
  const texts = contents.map(
    (part) => `${part.name} ${part.version} (${part.license})\n\n${licenseText(part)}\n`,
  );
  const opening = 'Outboard is under the Apache License 2.0 (LICENSE). It contains these works of others:\n';
  writeFileSync(join(directory, 'THIRD-PARTY-LICENSES'), [opening, ...texts].join(`\n${'='.repeat(80)}\n\n`));
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
