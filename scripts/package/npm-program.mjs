/**
 * The npm package `outboard`: the bundled programs of an installation, which run with the Node.js of the host. It depends
 * on koffi alone, whose prebuilt libraries npm chooses for the host.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyTree, writePlainFile } from './plain-files.mjs';

/** Fields of the repository's package.json that describe the program. */
const described = ['description', 'license', 'keywords', 'homepage', 'bugs', 'repository', 'engines', 'os'];

/**
 * Write the content of the package.
 *
 * @param {string} tree an installation, as `stageInstallation` lays it out
 * @param {{ root: string, directory: string, version: string }} options `directory` must not exist
 */
export function stageNpmProgram(tree, { root, directory, version }) {
  const isPortable = (path) => !/^(node|node_modules)(\/|$)/.test(path);
  copyTree(join(tree, 'lib', 'outboard'), join(directory, 'lib', 'outboard'), isPortable);
  const share = join(tree, 'share');
  if (existsSync(share)) copyTree(share, join(directory, 'share'));
  const program = readFileSync(join(root, 'packaging', 'npm-outboard.cjs'));
  writePlainFile(join(directory, 'bin', 'outboard'), program, 0o755);
  for (const name of ['README.md', 'LICENSE']) copyTree(join(root, name), join(directory, name));
  const manifest = manifestOf(root, version, manualPages(directory));
  writePlainFile(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function manifestOf(root, version, man) {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { dependencies } = JSON.parse(readFileSync(join(root, 'packages', 'cli', 'package.json'), 'utf8'));
  return {
    name: 'outboard',
    version,
    ...Object.fromEntries(described.filter((field) => field in own).map((field) => [field, own[field]])),
    bin: { outboard: 'bin/outboard' },
    ...(man.length > 0 && { man }),
    files: ['bin', 'lib', 'share'],
    dependencies: { koffi: dependencies.koffi },
  };
}

/** Those that npm links for `man` in a global installation. */
function manualPages(directory) {
  const pages = join(directory, 'share', 'man');
  if (!existsSync(pages)) return [];
  return readdirSync(pages, { recursive: true })
    .filter((path) => /^man\d\/[^/]+\.\d$/.test(path))
    .map((path) => `share/man/${path}`)
    .sort();
}
