/**
 * An npm package with its dependencies, as Node.js finds them in the plugin.
 */
import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isJsonObject, type JsonObject, OutboardError } from '@outboard/oci';
import { addDirectory, addFile, type HostFileOptions } from '../tree/add-directory.ts';
import { pathOf, type RootTree } from '../tree/root-tree.ts';

/**
 * Add a package and all of its dependencies. Each dependency goes to the top `node_modules`; a second version of one goes
 * below the package that needs it, where Node.js looks first.
 * @param source directory of the package @param target path in the tree
 * @throws {OutboardError} invalid when a dependency is not installed, or a file that the package lists is missing
 */
export async function addPackage(
  tree: RootTree,
  source: string,
  target: string,
  options: HostFileOptions,
): Promise<void> {
  const placed = new Map<string, string>();
  await place(await realpath(source), target);

  async function place(from: string, to: string): Promise<void> {
    const manifest = await readManifest(from);
    await addPublished(tree, from, to, { ...options, manifest });
    for (const name of dependenciesOf(manifest, 'dependencies')) await placeDependency(name, from, to);
    for (const name of dependenciesOf(manifest, 'optionalDependencies'))
      if ((await findPackage(name, from)) !== undefined) await placeDependency(name, from, to);
  }

  async function placeDependency(name: string, from: string, to: string): Promise<void> {
    const dependency = await findPackage(name, from);
    if (dependency === undefined) {
      throw new OutboardError(
        'invalid',
        `cannot find the dependency "${name}" of "${from}": run npm install`,
      );
    }
    if (placed.get(name) === dependency) return;
    const directory = placed.has(name) ? to : target;
    if (!placed.has(name)) placed.set(name, dependency);
    await place(dependency, `${directory}/node_modules/${name}`);
  }
}

async function readManifest(directory: string): Promise<JsonObject> {
  const file = join(directory, 'package.json');
  const manifest: unknown = JSON.parse(await readFile(file, 'utf8'));
  if (isJsonObject(manifest)) return manifest;
  throw new OutboardError('invalid', `"${file}" does not hold an object`);
}

function dependenciesOf(manifest: JsonObject, kind: string): readonly string[] {
  const listed = manifest[kind];
  return isJsonObject(listed) ? Object.keys(listed).sort() : [];
}

/** Add the files of a package that npm would publish; without `files`, everything but its dependencies. */
async function addPublished(
  tree: RootTree,
  source: string,
  to: string,
  { manifest, ...options }: HostFileOptions & { readonly manifest: JsonObject },
): Promise<void> {
  const files = Array.isArray(manifest.files) ? manifest.files.map(String) : [];
  const listed = files.filter((entry) => !entry.startsWith('!'));
  const accepts = (path: string) => isPublished(basename(path));
  for (const entry of listed.length === 0 ? ['.'] : ['package.json', ...listed]) {
    const file = join(source, entry);
    const stats = await stat(file).catch((cause: Error) => {
      throw new OutboardError('invalid', `cannot pack "${file}": ${cause.message}; is the package built?`, {
        cause,
      });
    });
    if (stats.isDirectory()) addDirectory(tree, pathOf(`${to}/${entry}`), file, { ...options, accepts });
    else addFile(tree, pathOf(`${to}/${entry}`), file, options);
  }
}

function isPublished(name: string): boolean {
  return name !== 'node_modules' && name !== '.git' && !/\.test\.|\.map$|\.tsbuildinfo$|\.d\.ts$/.test(name);
}

/** Find a package as Node.js resolves it: in `node_modules` here or in a parent directory. */
async function findPackage(name: string, from: string): Promise<string | undefined> {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    const found = await lstat(join(candidate, 'package.json')).catch(() => undefined);
    if (found !== undefined) return await realpath(candidate);
    if (directory === dirname(directory)) return undefined;
  }
}
