/**
 * Reads which module each source file of the repository imports or re-exports.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

/** One import or re-export. Imports of types count like others: a circle of types is a circle in the design. */
export interface SourceImport {
  /** As written, such as `./x.ts` or `@outboard/oci`. */
  readonly specifier: string;
  readonly isReExport: boolean;
}

/** A source file. */
export interface SourceFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly imports: readonly SourceImport[];
}

const notSource = new Set(['node_modules', 'dist']);
/**
 * `import … from 'x'` and `export … from 'x'`, over several lines too. What is imported holds no quote, `=` or semicolon;
 * what is re-exported begins with `*` or `{`, which tells it from `export const`.
 */
const fromClause = /^(import\s|export\s+(?:type\s+)?[*{])[^'"`=;]*?\bfrom\s*'([^']+)'/gm;
const bareOrDynamic = /^import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
const blockComment = /\/\*[\s\S]*?\*\//g;

/** Every `.ts` and `.mjs` file below a directory of the repository, with its imports. */
export async function readSources(repository: string, directory: string): Promise<readonly SourceFile[]> {
  const files = await sourcesBelow(join(repository, directory));
  return Promise.all(
    files.map(async (file) => ({
      path: relative(repository, file),
      imports: findImports(await readFile(file, 'utf8')),
    })),
  );
}

/** The imports of one file. Comments do not count: examples in them import too. */
export function findImports(source: string): readonly SourceImport[] {
  const code = source.replace(blockComment, '');
  const from = [...code.matchAll(fromClause)].map(([, keyword, specifier]) => ({
    specifier: specifier ?? '',
    isReExport: keyword?.startsWith('export') ?? false,
  }));
  const others = [...code.matchAll(bareOrDynamic)].map(([, bare, dynamic]) => ({
    specifier: bare ?? dynamic ?? '',
    isReExport: false,
  }));
  return [...from, ...others];
}

/** The path of the file that a relative specifier names. */
export function resolveImport(from: string, specifier: string): string {
  return relative('.', resolve(dirname(from), specifier));
}

async function sourcesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const nested = entries.map((entry): Promise<readonly string[]> => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return notSource.has(entry.name) ? Promise.resolve([]) : sourcesBelow(path);
    return Promise.resolve(/\.(ts|mjs)$/.test(entry.name) ? [path] : []);
  });
  return (await Promise.all(nested)).flat();
}
