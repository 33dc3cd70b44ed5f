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

const NOT_SOURCE = new Set(['node_modules', 'dist']);
/**
 * `import … from 'x'` and `export … from 'x'`, over several lines too. What is imported holds no quote, `=` or semicolon;
 * what is re-exported begins with `*` or `{`, which tells it from `export const`.
 */
const FROM = /^(import\s|export\s+(?:type\s+)?[*{])[^'"`=;]*?\bfrom\s*'([^']+)'/gm;
const BARE_OR_DYNAMIC = /^import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//g;

/** Every `.ts` and `.mjs` file below a folder of the repository, with its imports. */
export async function readSources(repository: string, folder: string): Promise<readonly SourceFile[]> {
  const files = await sourcesBelow(join(repository, folder));
  return Promise.all(
    files.map(async (file) => ({
      path: relative(repository, file),
      imports: findImports(await readFile(file, 'utf8')),
    })),
  );
}

/** The imports of one file. Comments do not count: examples in them import too. */
export function findImports(source: string): readonly SourceImport[] {
  const code = source.replace(BLOCK_COMMENT, '');
  const from = [...code.matchAll(FROM)].map(([, keyword, specifier]) => ({
    specifier: specifier ?? '',
    isReExport: keyword?.startsWith('export') ?? false,
  }));
  const others = [...code.matchAll(BARE_OR_DYNAMIC)].map(([, bare, dynamic]) => ({
    specifier: bare ?? dynamic ?? '',
    isReExport: false,
  }));
  return [...from, ...others];
}

/** The path of the file that a relative specifier names. */
export function resolveImport(from: string, specifier: string): string {
  return relative('.', resolve(dirname(from), specifier));
}

async function sourcesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = entries.map((entry): Promise<readonly string[]> => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_SOURCE.has(entry.name) ? Promise.resolve([]) : sourcesBelow(path);
    return Promise.resolve(/\.(ts|mjs)$/.test(entry.name) ? [path] : []);
  });
  return (await Promise.all(nested)).flat();
}
