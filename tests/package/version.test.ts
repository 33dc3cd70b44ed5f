/**
 * One version for everything: the packages, what they depend on of each other, and the locked trees.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = new URL('../..', import.meta.url).pathname;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

/** Versions that a manifest gives to itself and to packages of this repository. */
function ownVersions(path: string, { version, dependencies, devDependencies }: Manifest): readonly string[] {
  const siblings = Object.entries({ ...dependencies, ...devDependencies })
    .filter(([name]) => name.startsWith('@outboard/'))
    .map(([name, wanted]) => `${path}: ${name} ${wanted}`);
  return [`${path}: ${version}`, ...siblings];
}

test('every package has the version of the repository, and depends on that of the others', () => {
  const { version } = readJson('package.json') as Manifest;
  const paths = execFileSync('git', ['ls-files', '*package.json'], { cwd: root, encoding: 'utf8' });
  const found = paths
    .trim()
    .split('\n')
    // A template makes a package of its author.
    .filter((path) => !path.startsWith('templates/'))
    .flatMap((path) => ownVersions(path, readJson(path) as Manifest));
  assert.ok(found.length > 10, found.join('\n'));
  assert.deepEqual(
    found.filter((line) => !line.endsWith(` ${version}`)),
    [],
  );
});

test('the locked tree has the same versions', () => {
  const { version } = readJson('package.json') as Manifest;
  const { packages } = readJson('package-lock.json') as {
    packages: Record<string, Manifest & { link?: boolean }>;
  };
  const found = Object.entries(packages)
    .filter(([path, { link }]) => !path.startsWith('node_modules/') && link !== true)
    .flatMap(([path, manifest]) => ownVersions(path, manifest));
  assert.deepEqual(
    found.filter((line) => !line.endsWith(` ${version}`)),
    [],
  );
});
