/**
 * The npm packages of the libraries: each is complete when it is installed alone, for programs in JavaScript and in
 * TypeScript, and they work together.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type BuiltPackages, builtPackages } from '../support/built-package.ts';

const run = promisify(execFile);
const repository = new URL('../..', import.meta.url).pathname;

/** A program for each library, which uses types that refer to other packages and to Node.js. */
const programs: Readonly<Record<string, string>> = {
  oci: `import { createRegistryClient, isOutboardError, parseReference, type Digest } from '@outboard/oci';
    import { createTarReader } from '@outboard/oci/layers';
    import { startRegistryServer, type MemoryRegistry } from '@outboard/oci/memory';
    const server = await startRegistryServer();
    export const registry: MemoryRegistry = server.registry;
    await server[Symbol.asyncDispose]();
    export const reader: typeof createTarReader = createTarReader;
    export const digest: Digest | undefined = parseReference('acme/x').digest;
    await createRegistryClient({ insecureRegistries: [], userAgent: 'x' })[Symbol.asyncDispose]();
    try { parseReference('X'); } catch (error) { if (isOutboardError(error)) console.log(error.kind); }`,
  container: `import { cgroupDrivers, type ContainerProcess } from '@outboard/container';
    export const found: readonly ContainerProcess[] = [];
    console.log(cgroupDrivers.length > 0 ? 'invalid' : 'none');`,
  protocol: `import { createVolumeDriver, type VolumeDriver } from '@outboard/protocol';
    export const make: (...args: Parameters<typeof createVolumeDriver>) => VolumeDriver = createVolumeDriver;
    console.log(typeof make === 'function' ? 'invalid' : 'none');`,
  engine: `import { isOutboardError, openPluginEngine, parsePluginConfig, type PluginEngine } from '@outboard/engine';
    export const open: (dataRoot: string) => Promise<PluginEngine> = (dataRoot) => openPluginEngine({ dataRoot, execRoot: dataRoot });
    try { parsePluginConfig(Buffer.from('[')); } catch (error) { if (isOutboardError(error, 'invalid')) console.log(error.kind); }`,
  sdk: `import { definePlugin, type VolumeDriver } from '@outboard/sdk';
    export const make = (volume: VolumeDriver) => definePlugin({ name: 'x', volume });
    console.log(typeof make === 'function' ? 'invalid' : 'none');`,
};

const together = `import { isOutboardError, OutboardError, parseReference } from '@outboard/oci';
  import { OutboardError as EngineError, parsePluginConfig } from '@outboard/engine';
  try { parsePluginConfig(Buffer.from('[')); } catch (error) { console.log(isOutboardError(error, 'invalid'), error instanceof OutboardError); }
  try { parseReference('X'); } catch (error) { console.log(error instanceof EngineError); }
  const failure: OutboardError = new EngineError('conflict', 'x');
  console.log(failure.kind, Object.is(OutboardError, EngineError));`;

let home = '';
let packages: BuiltPackages;

before(async () => {
  packages = await builtPackages();
  home = await mkdtemp(join(tmpdir(), 'ob-libraries-'));
});
after(() => rm(home, { recursive: true, force: true }));

function fileOf(library: string): string {
  return join(packages.directory, `outboard-${library}-${packages.version}.tgz`);
}

/** A project with a program, and this repository's types of Node.js. */
async function makeProject(name: string): Promise<string> {
  const project = join(home, name);
  await mkdir(join(project, 'node_modules'), { recursive: true });
  await writeFile(join(project, 'package.json'), '{"type":"module","private":true}');
  const options = {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    skipLibCheck: false,
    types: ['node'],
  };
  const configuration = { compilerOptions: options, files: ['program.ts'] };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(configuration));
  return project;
}

async function npmInstall(project: string, ...libraries: readonly string[]): Promise<void> {
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', [...install, ...libraries.map(fileOf)], { cwd: project });
}

/** Does what npm would, in a tenth of its time: the package, and its dependencies, from another project, beside it. */
async function unpackAlone(project: string, library: string, other: string): Promise<void> {
  const modules = join(project, 'node_modules');
  const own = join(modules, '@outboard', library);
  await mkdir(own, { recursive: true });
  await run('tar', ['-xzf', fileOf(library), '-C', own, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies ?? {})) {
    if (!name.startsWith('@outboard/')) await symlink(join(other, 'node_modules', name), join(modules, name));
  }
}

/** Compile the program strictly, with all declarations that it reaches, and run it. @returns its output */
async function compileAndRun(project: string, program: string): Promise<string> {
  await writeFile(join(project, 'program.ts'), program);
  // npm removes what it did not install.
  const types = join(project, 'node_modules', '@types');
  await mkdir(types, { recursive: true });
  if (!existsSync(join(types, 'node')))
    await symlink(join(repository, 'node_modules/@types/node'), join(types, 'node'));
  const compiler = join(repository, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '--project', project]).catch((error: { stdout: string }) =>
    assert.fail(error.stdout),
  );
  return (await run(process.execPath, [join(project, 'program.js')])).stdout;
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' });
}

test('there is a package for each library, and no other', () => {
  const found = readdirSync(packages.directory).flatMap(
    (name) => /^outboard-([a-z]+)-[\d.]+\.tgz$/.exec(name)?.[1] ?? [],
  );
  assert.deepEqual(found.sort(), Object.keys(programs).sort());
});

describe('the npm package of', () => {
  let engine = '';

  before(async () => {
    engine = await makeProject('engine');
    await npmInstall(engine, 'engine');
  });

  for (const library of Object.keys(programs)) {
    test(`@outboard/${library} works alone, in TypeScript too`, async () => {
      const project = library === 'engine' ? engine : await makeProject(library);
      if (library !== 'engine') await unpackAlone(project, library, engine);
      assert.equal(await compileAndRun(project, programs[library] ?? ''), 'invalid\n');
      const own = join(project, 'node_modules', '@outboard', library);
      assertComplete(own, library);
      assertMapsFindSources(own);
    });
  }

  test('oci and that of engine work together, and recognise each other’s errors', async () => {
    await npmInstall(engine, 'oci');
    assert.equal(await compileAndRun(engine, together), 'true true\ntrue\nconflict false\n');
  });
});

/** Described, licensed, of one version, without tests. */
function assertComplete(directory: string, library: string): void {
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const { name, version, license, engines, repository: place, keywords, description } = manifest;
  assert.deepEqual([name, version, license], [`@outboard/${library}`, packages.version, 'Apache-2.0']);
  assert.deepEqual([engines, place.directory], [{ node: '>=20.19' }, `packages/${library}`]);
  assert.ok(keywords.length > 3 && description.length > 10);
  for (const file of ['README.md', 'LICENSE']) assert.ok(existsSync(join(directory, file)), `no ${file}`);
  const files = filesBelow(directory);
  assert.deepEqual(
    files.filter((path) => /\.(test|suite)\.|\/testing(\/|$)|tsbuildinfo/.test(path)),
    [],
  );
  // Nothing of another version, and no sibling that npm would look for in a registry.
  for (const [dependency, wanted] of Object.entries(manifest.dependencies ?? {})) {
    if (!dependency.startsWith('@outboard/')) continue;
    assert.equal(wanted, packages.version);
    assert.ok(files.includes(`node_modules/${dependency}/package.json`), `${dependency} is not inside`);
  }
}

function assertMapsFindSources(directory: string): void {
  const maps = filesBelow(directory).filter((path) => path.endsWith('.map'));
  assert.ok(maps.length > 10);
  const missing = maps.filter((map) => {
    const { sources } = JSON.parse(readFileSync(join(directory, map), 'utf8')) as {
      sources: readonly string[];
    };
    return !sources.every((source) => existsSync(join(directory, dirname(map), source)));
  });
  assert.deepEqual(missing, []);
}
