/**
 * Bundles the tests of `tests/` for a run: a file then starts in a third of the time that a loader of TypeScript and the
 * modules of every package take.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Bundle test files; what they share is loaded from common files.
 *
 * @param {readonly string[]} files relative to the root
 * @param {{ root: string, directory: string }} options where the bundles are written
 * @returns {Promise<readonly string[]>} paths of the bundles, in the same order
 */
export async function bundleTests(files, { root, directory }) {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: [...files],
    outdir: directory,
    outbase: root,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [ownPlaces()],
    logLevel: 'warning',
  });
  return files.map((file) => join(directory, file.replace(/\.ts$/, '.mjs')));
}

/** Libraries stay where they are, and each module still sees its own place as `import.meta.url`. */
function ownPlaces() {
  return {
    name: 'own-places',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...rest }) => {
        if (pluginData === 'resolved' || path.startsWith('node:')) return undefined;
        const found = await build.resolve(path, { ...rest, pluginData: 'resolved' });
        if (found.errors.length > 0 || !/node_modules/.test(found.path)) return found;
        return { path: found.path, external: true };
      });
      build.onLoad({ filter: /\.(?:ts|js)$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replaceAll(
          'import.meta.url',
          JSON.stringify(pathToFileURL(path).href),
        ),
        loader: path.endsWith('.ts') ? 'ts' : 'js',
        resolveDir: dirname(path),
      }));
    },
  };
}
