/**
 * Checks the imports of one package against its list of directories in levels.
 */
import { dirname } from 'node:path';
import type { DirectoryLevels } from './directory-levels/directory-levels.ts';
import { isTestCode } from './parsed-sources.ts';
import { resolveImport, type SourceFile } from './source-imports.ts';

/** Node of the graph for files in the source directory itself that import from no other directory. */
const base = 'the base';
/** Node of the graph for all other files in the source directory itself. */
const top = 'the top';

/** An import from one directory of a package to another. */
interface DirectoryImport {
  readonly from: string;
  readonly to: string;
  readonly path: string;
}

/**
 * Every fault of a list: directories that are missing from it, rows that no longer hold, levels that
 * need not be apart, imports that do not point downwards.
 *
 * @param files the package's files; tests and their support may import everything and do not count
 */
export function checkDirectoryLevels(
  { source, levels }: DirectoryLevels,
  files: readonly SourceFile[],
): readonly string[] {
  const product = files.filter(({ path }) => !isTestCode(path));
  const imports = directoryImports(source, product);
  const heights = new Map(levels.flatMap((level, height) => level.map((name) => [name, height] as const)));
  heights.set(base, -1).set(top, levels.length);
  const upward = imports.filter(({ from, to }) => (heights.get(from) ?? 0) <= (heights.get(to) ?? 0));
  return [
    ...listFaults(source, levels, product),
    ...needlessLevels(levels, imports),
    ...upward.map((found) => `${describe(found)} points upwards or sideways, in ${found.path}`),
  ];
}

function listFaults(
  source: string,
  levels: DirectoryLevels['levels'],
  files: readonly SourceFile[],
): readonly string[] {
  const listed = levels.flat();
  const present = new Set(
    files.map(({ path }) => dirname(path).slice(source.length + 1)).filter((name) => name !== ''),
  );
  return [
    ...[...present].filter((name) => !listed.includes(name)).map((name) => `${name} is in no level`),
    ...listed.filter((name) => !present.has(name)).map((name) => `the row of ${name} is stale`),
    ...listed
      .filter((name, index) => listed.indexOf(name) !== index)
      .map((name) => `${name} is in two levels`),
  ];
}

/** Levels of which no directory imports from the level directly below: they say more than the code does. */
function needlessLevels(
  levels: DirectoryLevels['levels'],
  imports: readonly DirectoryImport[],
): readonly string[] {
  return levels
    .slice(1)
    .filter(
      (level, index) => !imports.some(({ from, to }) => level.includes(from) && levels[index]?.includes(to)),
    )
    .map((level) => `the level of ${level.join(', ')} and the one below it are one`);
}

function directoryImports(source: string, files: readonly SourceFile[]): readonly DirectoryImport[] {
  const targets = new Map(
    files.map(({ path, imports }) => [
      path,
      imports
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => resolveImport(path, specifier)),
    ]),
  );
  function isBase(path: string): boolean {
    return dirname(path) === source && (targets.get(path) ?? []).every(isBase);
  }
  function directoryOf(path: string): string {
    if (dirname(path) !== source) return dirname(path).slice(source.length + 1);
    return isBase(path) ? base : top;
  }
  return [...targets].flatMap(([path, imported]) =>
    imported
      .map((target) => ({ from: directoryOf(path), to: directoryOf(target), path }))
      .filter(({ from, to }) => from !== to),
  );
}

function describe({ from, to }: DirectoryImport): string {
  return `${from} -> ${to}`;
}
