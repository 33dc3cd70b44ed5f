/**
 * The libraries as npm packages, each installable alone: no sibling is in any registry, so those that a library needs
 * travel inside it as bundled dependencies. Sources come along without tests, so that source maps and declaration maps
 * find them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyTree, writePlainFile } from './plain-files.mjs';

/** Directories in `packages/` that are published. */
export const npmLibraries = ['oci', 'container', 'protocol', 'engine', 'sdk'];

const scope = '@outboard/';
/** Fields of a workspace's package.json that describe it; the others are those of the repository. */
const described = ['description', 'license', 'keywords', 'homepage', 'bugs', 'repository'];

/**
 * Write the content of one library's package.
 *
 * @param {string} library its directory in `packages/`
 * @param {{ root: string, directory: string, version: string }} options `root` is a built checkout; `directory` must not exist
 */
export function stageNpmLibrary(library, { root, directory, version }) {
  const siblings = siblingsOf(root, library);
  const manifest = {
    ...manifestOf(root, library, version),
    dependencies: Object.fromEntries([
      ...siblings.map((sibling) => [`${scope}${sibling}`, version]),
      ...externalDependencies(root, [library, ...siblings]),
    ]),
    ...(siblings.length > 0 && { bundleDependencies: siblings.map((sibling) => `${scope}${sibling}`) }),
    // Declarations name types of Node.js; programs in JavaScript need none.
    peerDependencies: { '@types/node': '>=20.19' },
    peerDependenciesMeta: { '@types/node': { optional: true } },
  };
  stageFiles(root, library, directory, manifest);
  for (const sibling of siblings) {
    // Its dependencies are those of the package around it, which npm installs where both find them.
    const within = join(directory, 'node_modules', scope, sibling);
    stageFiles(root, sibling, within, manifestOf(root, sibling, version));
  }
}

function stageFiles(root, library, directory, manifest) {
  const source = join(root, 'packages', library);
  writePlainFile(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyTree(join(source, 'README.md'), join(directory, 'README.md'));
  copyTree(join(root, 'LICENSE'), join(directory, 'LICENSE'));
  // An earlier build leaves files of sources that are gone.
  const isCurrent = (path) => existsSync(join(source, 'src', path.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts')));
  copyTree(join(source, 'dist'), join(directory, 'dist'), (path) => isPublished(path) && isCurrent(path));
  copyTree(join(source, 'src'), join(directory, 'src'), isPublished);
}

/** Tests, suites and their support stay at home. */
function isPublished(path) {
  return !/(^|\/)testing(\/|$)|\.(test|suite)\.|\.tsbuildinfo$/.test(path);
}

function manifestOf(root, library, version) {
  const own = readManifest(root, library);
  const { './testing': _testing, ...exported } = own.exports;
  return {
    name: own.name,
    version,
    ...Object.fromEntries(described.filter((field) => field in own).map((field) => [field, own[field]])),
    type: own.type,
    engines: own.engines,
    ...(own.os && { os: own.os }),
    exports: { ...exported, './package.json': './package.json' },
    files: ['dist', 'src'],
  };
}

/** Packages of this repository that a library needs, directly or not, in the order of their names. */
function siblingsOf(root, library) {
  const found = new Set();
  const visit = (name) => {
    for (const dependency of Object.keys(readManifest(root, name).dependencies ?? {})) {
      const sibling = dependency.startsWith(scope) ? dependency.slice(scope.length) : undefined;
      if (sibling === undefined || found.has(sibling)) continue;
      found.add(sibling);
      visit(sibling);
    }
  };
  visit(library);
  return [...found].sort();
}

/** @throws {Error} if two of the libraries want different versions of the same package: one copy serves both */
function externalDependencies(root, libraries) {
  const wanted = new Map();
  for (const library of libraries) {
    for (const [name, range] of Object.entries(readManifest(root, library).dependencies ?? {})) {
      if (name.startsWith(scope)) continue;
      if ((wanted.get(name) ?? range) !== range)
        throw new Error(`packages/${library} wants ${name} ${range}, another one ${wanted.get(name)}`);
      wanted.set(name, range);
    }
  }
  return [...wanted].sort(([left], [right]) => (left < right ? -1 : 1));
}

function readManifest(root, library) {
  return JSON.parse(readFileSync(join(root, 'packages', library, 'package.json'), 'utf8'));
}
