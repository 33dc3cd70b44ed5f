/**
 * Syntax trees and comments of source files, for the rules that look at code rather than at text.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Comment, type Program, parseSync } from 'oxc-parser';
import { readSources } from './source-imports.ts';

/** A source file and its syntax tree. */
export interface ParsedSource {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
}

/** Directories with code that ships or that builds, installs and measures it. */
const productDirectories = ['packages', 'bin', 'scripts', 'examples', 'bench'];

/** True for the path of a test, or of code that only tests import. */
export function isTestCode(path: string): boolean {
  return /\.(test|suite)\.|\/(testing|fixtures)\/|^tests\//.test(path);
}

/** Parse every file of the product; tests and what only they import are left out. */
export async function parseProduct(repository: string): Promise<readonly ParsedSource[]> {
  const lists = await Promise.all(productDirectories.map((directory) => readSources(repository, directory)));
  const paths = lists.flat().map(({ path }) => path);
  return parseFiles(
    repository,
    paths.filter((path) => !isTestCode(path)),
  );
}

/** Parse every test and all code that only tests import. */
export async function parseTests(repository: string): Promise<readonly ParsedSource[]> {
  const lists = await Promise.all(
    ['packages', 'tests'].map((directory) => readSources(repository, directory)),
  );
  const paths = lists.flat().map(({ path }) => path);
  return parseFiles(repository, paths.filter(isTestCode));
}

/**
 * Parse one text.
 *
 * @throws {Error} if it is not TypeScript
 */
export function parseSource(path: string, text: string): ParsedSource {
  const { program, comments, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  return { path, text, program, comments };
}

/** The number of the line that holds an offset; the first is 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function parseFiles(repository: string, paths: readonly string[]): Promise<readonly ParsedSource[]> {
  return Promise.all(
    paths.map(async (path) => parseSource(path, await readFile(join(repository, path), 'utf8'))),
  );
}
