/**
 * Permitted imports between packages, and the test that keeps them.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findCircle } from './find-circle.ts';
import { findImports, readSources, resolveImport, type SourceFile } from './source-imports.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Packages that each directory may import. A change here is a change of the architecture. */
const allowedImports: Readonly<Record<string, readonly string[]>> = {
  'packages/async': [],
  // The fake clock is for tests.
  'packages/oci': ['@outboard/async', '@outboard/async/testing'],
  // The unpack jail's child loads the readers of layers and nothing else of the package.
  'packages/container': [
    '@outboard/async',
    '@outboard/async/testing',
    '@outboard/oci',
    '@outboard/oci/layers',
  ],
  'packages/protocol': [
    '@outboard/async',
    '@outboard/async/testing',
    '@outboard/oci',
    '@outboard/oci/testing',
  ],
  // The fixture of containers is for tests.
  'packages/engine': [
    '@outboard/async',
    '@outboard/async/testing',
    '@outboard/container',
    '@outboard/container/testing',
    '@outboard/oci',
    // Content store and registry in memory are for tests.
    '@outboard/oci/memory',
    '@outboard/oci/testing',
    '@outboard/protocol',
  ],
  'packages/gateway': [
    '@outboard/async',
    '@outboard/async/testing',
    '@outboard/engine',
    '@outboard/oci',
    // Failing disks are for tests.
    '@outboard/oci/testing',
    '@outboard/protocol',
  ],
  'packages/daemon': [
    '@outboard/async',
    '@outboard/async/testing',
    '@outboard/engine',
    '@outboard/gateway',
    '@outboard/oci',
  ],
  'packages/authoring': [
    '@outboard/async',
    '@outboard/async/testing',
    '@outboard/container',
    '@outboard/engine',
    '@outboard/oci',
    '@outboard/protocol',
  ],
  // To write the archive of `create`: a pure codec, as it is. The daemon is reached over HTTP only. The commands of authors
  // load the library of authors when they run, and what reaches registries without a daemon the library of artifacts.
  'packages/cli': [
    '@outboard/authoring',
    '@outboard/oci',
    '@outboard/oci/durable-file',
    '@outboard/oci/layers',
    '@outboard/oci/make-directories',
  ],
  'packages/sdk': [],
  'examples/authorization-rules': ['@outboard/sdk'],
  'examples/log-json-lines': ['@outboard/sdk'],
  'examples/metrics-textfile': ['@outboard/sdk'],
  'examples/network-bridge': ['@outboard/sdk'],
  'examples/secrets-directory': ['@outboard/sdk'],
  'examples/volume-local': ['@outboard/sdk'],
  'examples/volume-sshfs': ['@outboard/sdk'],
  bench: [],
  // The manual is made of the tables of both programs.
  scripts: ['@outboard/cli/manual', '@outboard/daemon/manual'],
  tests: [
    '@outboard/async',
    // Watches the event loop of daemons.
    '@outboard/async/testing',
    '@outboard/authoring',
    '@outboard/cli',
    '@outboard/container',
    '@outboard/daemon',
    '@outboard/engine',
    '@outboard/gateway',
    '@outboard/oci',
    '@outboard/oci/memory',
    '@outboard/oci/testing',
    '@outboard/protocol',
    '@outboard/sdk',
  ],
};

describe('imports', () => {
  const sources = new Map<string, readonly SourceFile[]>();

  before(async () => {
    process.chdir(repository);
    for (const directory of Object.keys(allowedImports))
      sources.set(directory, await readSources(repository, directory));
  });

  test('every package and example has an import rule', async () => {
    const directories = ['packages', 'examples'].map(async (group) =>
      (await readdir(join(repository, group))).map((name) => `${group}/${name}`),
    );
    const without = (await Promise.all(directories))
      .flat()
      .filter((directory) => !(directory in allowedImports));
    assert.deepEqual(without, []);
  });

  for (const [directory, allowed] of Object.entries(allowedImports)) {
    test(`${directory} imports only these workspace packages, each by its name: ${allowed.join(', ') || 'none'}`, () => {
      const wrong = importsOf(sources.get(directory)).filter(
        ({ specifier }) => specifier.startsWith('@outboard/') && !allowed.includes(specifier),
      );
      assert.deepEqual(wrong.map(describeImport), []);
    });

    test(`${directory} imports no internal file of another directory`, () => {
      const wrong = importsOf(sources.get(directory)).filter(
        ({ path, specifier }) =>
          specifier.startsWith('.') && !resolveImport(path, specifier).startsWith(`${directory}/`),
      );
      assert.deepEqual(wrong.map(describeImport), []);
    });

    test(`${directory} has no circular imports`, () => {
      const edges = new Map(
        (sources.get(directory) ?? []).map((file) => [
          file.path,
          file.imports
            .filter(({ specifier }) => specifier.startsWith('.'))
            .map(({ specifier }) => resolveImport(file.path, specifier)),
        ]),
      );
      assert.equal(findCircle(edges)?.join(' -> '), undefined);
    });

    test(`${directory} re-exports from an index.ts only`, () => {
      const wrong = importsOf(sources.get(directory)).filter(
        ({ path, isReExport }) => isReExport && !/\/src\/((layers|memory|testing)\/)?index\.ts$/.test(path),
      );
      assert.deepEqual(wrong.map(describeImport), []);
    });
  }

  test('only commands for authors load the library of authors, and when they run', async () => {
    const wrong = await Promise.all(
      (sources.get('packages/cli') ?? []).map(async ({ path }) => {
        const code = await readFile(join(repository, path), 'utf8');
        const isLoaded = /^import (?!type )[^;]*'@outboard\/authoring'/m.test(code);
        return isLoaded && !path.includes('.test.') ? [path] : [];
      }),
    );
    assert.deepEqual(wrong.flat(), []);
  });

  test('only copies, local layouts and settings of registries load the library of artifacts, and when they run', async () => {
    const loading = (sources.get('packages/cli') ?? []).filter(
      ({ path, imports }) =>
        !path.includes('.test.') && imports.some(({ specifier }) => specifier === '@outboard/oci'),
    );
    const places = [
      'src/archive/copy-',
      'src/archive/local-layout.ts',
      'src/commands/copy.ts',
      'src/commands/load-registries.ts',
    ];
    const wrong = loading.filter(({ path }) => !places.some((place) => path.includes(place)));
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  test('scripts import no installed package, because they run before the installation', () => {
    // Of this repository only the manual, when a script that runs after the build asks for it; tests are bundled later.
    const own = [...(allowedImports.scripts ?? []), 'esbuild'];
    const wrong = importsOf(sources.get('scripts')).filter(
      ({ specifier }) => !specifier.startsWith('.') && !isBuiltin(specifier) && !own.includes(specifier),
    );
    assert.deepEqual(wrong.map(describeImport), []);
  });

  test('the SDK needs nothing but Node.js', () => {
    const wrong = importsOf(sources.get('packages/sdk')).filter(
      ({ specifier }) => !specifier.startsWith('.') && !isBuiltin(specifier),
    );
    assert.deepEqual(wrong.map(describeImport), []);
  });
});

describe('findImports()', () => {
  for (const [name, source, expected] of [
    ['a plain import', "import { a } from './a.ts';", [['./a.ts', false]]],
    ['a type import', "import type { A } from './a.ts';", [['./a.ts', false]]],
    ['an import of types only', "import { type A, type B } from './a.ts';", [['./a.ts', false]]],
    ['an import over lines', "import {\n  a,\n  type B,\n} from './a.ts';", [['./a.ts', false]]],
    ['a bare import', "import './a.ts';", [['./a.ts', false]]],
    ['a dynamic import', "const a = await import('./a.ts');", [['./a.ts', false]]],
    ['a re-export', "export { a } from './a.ts';", [['./a.ts', true]]],
    ['no comment', "/* import './a.ts'; */", []],
    ['a re-export of types', "export type {\n  A,\n} from './a.ts';", [['./a.ts', true]]],
    ['a re-export of all', "export * from './a.ts';", [['./a.ts', true]]],
    [
      'no re-export in a program that is text',
      "export const a = `\nimport { b } from './b.ts';\n`;",
      [['./b.ts', false]],
    ],
    ['no local export', "export const a = 1;\nconst from = 'x';", []],
  ] as const) {
    test(`finds ${name}`, () => {
      const found = findImports(source).map(({ specifier, isReExport }) => [specifier, isReExport]);
      assert.deepEqual(found, expected);
    });
  }
});

test('findCircle() reports the path of a circular import, and none in a tree', () => {
  const circle = new Map([
    ['main', ['a']],
    ['a', ['b']],
    ['b', ['c', 'a']],
    ['c', []],
  ]);
  assert.deepEqual(findCircle(circle), ['a', 'b', 'a']);
  circle.set('b', ['c']);
  assert.equal(findCircle(circle), undefined);
});

interface FoundImport {
  readonly path: string;
  readonly specifier: string;
  readonly isReExport: boolean;
}

function importsOf(files: readonly SourceFile[] = []): readonly FoundImport[] {
  return files.flatMap(({ path, imports }) => imports.map((found) => ({ path, ...found })));
}

function describeImport({ path, specifier }: FoundImport): string {
  return `${path}: '${specifier}'`;
}
