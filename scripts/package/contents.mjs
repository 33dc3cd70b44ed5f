/**
 * The parts of others that an installation contains, as they really are bundled.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodePackage } from './node-package.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Of a path in a bundle's description: the directory of the npm package, which may lie inside another one. */
const packageDirectory = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;

/**
 * Find the parts: npm packages that bundles contain, koffi with its library, and Node.js.
 *
 * @param {string} metafiles directory with esbuild's descriptions of the bundles
 * @returns {readonly { name: string, version: string, license: string, directory: string, locked: object }[]} sorted by
 *   name; `locked` is the entry of the lock file, with the digest that npm verified
 * @throws {Error} if a part is in no lock file
 */
export function findContents(metafiles) {
  const descriptions = readdirSync(metafiles).filter((name) => name.endsWith('.json'));
  const inputs = descriptions.flatMap((name) => Object.keys(readJson(join(metafiles, name)).inputs));
  const directories = inputs.flatMap((path) => packageDirectory.exec(path)?.[0] ?? []);
  const native = ['node_modules/koffi', `node_modules/@koromix/koffi-linux-${process.arch}`];
  const { packages } = readJson(join(root, 'package-lock.json'));
  const parts = [...new Set([...directories, ...native])].map((path) =>
    describe(join(root, path), packages[path]),
  );
  return [...parts, describeNode()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Its package in npm is named after the processor. */
function describeNode() {
  const directory = nodePackage();
  const lock = readJson(join(directory, '..', '..', 'package-lock.json'));
  const { version } = readJson(join(directory, 'package.json'));
  const [, locked] = Object.entries(lock.packages).find(
    ([path, entry]) => entry.version === version && path.endsWith(`-${process.arch}`),
  );
  return describe(directory, locked);
}

function describe(directory, locked) {
  if (locked === undefined) throw new Error(`"${directory}" is in no lock file`);
  const { name, version, license } = readJson(join(directory, 'package.json'));
  return { name, version, license: license ?? 'MIT', directory, locked };
}

/**
 * The licence text of a part.
 *
 * @param {{ name: string, license: string, directory: string }} part
 * @returns {string}
 * @throws {Error} if it comes without one
 */
export function licenseText({ name, license, directory }) {
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
  return readFileSync(file === undefined ? sharedText(name, license) : join(directory, file), 'utf8').trim();
}

/** Some packages name their licence, and do not repeat its text. */
function sharedText(name, license) {
  // The library of koffi is a part of koffi.
  if (name.startsWith('@koromix/')) return join(root, 'node_modules', 'koffi', 'LICENSE.txt');
  if (license === 'Apache-2.0') return join(root, 'LICENSE');
  throw new Error(`${name} has no licence text`);
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
