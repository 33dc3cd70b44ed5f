#!/usr/bin/env node
/**
 * Packs a plugin that is a Node.js program: writes `config.json` and `rootfs/` as `plugin create` takes them, with
 * this machine's Node.js, the shared libraries that it needs, the program and its npm dependencies. No Docker, no
 * network, no root.
 *
 *     node scripts/pack-plugin.mjs <plugin directory> <output directory>
 *
 * The plugin directory holds `config.json` and a built npm package; the program lands in `/plugin`. Programs of this machine
 * that it calls are listed in its `package.json`, as `{"outboard": {"programs": ["ssh"]}}`; they land where they are here.
 */
import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { chmod, copyFile, cp, lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { findProgram } from './debian-packages.mjs';
import { isMain } from './is-main.mjs';
import { makeDirectories } from './make-directories.mjs';

/** Directories that mounts and programs of a container expect. */
const directories = ['dev', 'etc', 'mnt', 'proc', 'root', 'run/docker/plugins', 'sys', 'usr/bin', 'var'];

const etcFiles = {
  passwd:
    'root:x:0:0:root:/root:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  group: 'root:x:0:\nnogroup:x:65534:\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
};

/**
 * Pack a plugin.
 *
 * @param {string} pluginDirectory holds `config.json`, `package.json` and the built program
 * @param {string} outputDirectory must not exist or be empty
 * @returns {Promise<void>}
 */
export async function packPlugin(pluginDirectory, outputDirectory) {
  const plugin = resolve(pluginDirectory);
  const rootfs = join(resolve(outputDirectory), 'rootfs');
  makeDirectories(dirname(rootfs));
  // Fails if there is a tree already, so that a packed plugin contains no old files.
  await mkdir(rootfs);
  await makeSystem(rootfs);
  await copyNode(rootfs);
  await copyPrograms(plugin, rootfs);
  await copyPackages(plugin, join(rootfs, 'plugin'));
  await makeMountPoints(plugin, rootfs);
  await copyFile(join(plugin, 'config.json'), join(dirname(rootfs), 'config.json'));
}

async function makeSystem(rootfs) {
  makeDirectories(...directories.map((directory) => join(rootfs, directory)));
  await mkdir(join(rootfs, 'tmp'));
  await chmod(join(rootfs, 'tmp'), 0o1777);
  for (const [name, content] of Object.entries(etcFiles)) await writeFile(join(rootfs, 'etc', name), content);
}

/** Copy Node.js and every library that the loader loads for it, each to the place where the loader looks for it. */
async function copyNode(rootfs) {
  await copyInto(rootfs, process.execPath, '/usr/bin/node');
  for (const library of sharedLibraries(process.execPath)) await copyInto(rootfs, library, library);
}

/** Copy the programs that the plugin calls, with their libraries. */
async function copyPrograms(plugin, rootfs) {
  const { outboard } = JSON.parse(await readFile(join(plugin, 'package.json'), 'utf8'));
  for (const name of outboard?.programs ?? []) {
    const program = findProgram(name);
    if (program === undefined)
      throw new Error(`cannot pack "${plugin}": it calls "${name}", which this machine lacks`);
    for (const file of [program, ...sharedLibraries(program)]) await copyInto(rootfs, file, file);
  }
}

/** Absolute paths from ldd's lines `name => /path (address)` and, for the loader itself, `/path (address)`. */
function sharedLibraries(program) {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  const missing = lines.find((line) => line.includes('not found'));
  if (missing !== undefined) throw new Error(`cannot pack "${program}": library missing: ${missing.trim()}`);
  return lines.flatMap((line) => /(?:^|=>)\s*(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

async function copyInto(rootfs, from, path) {
  const to = join(rootfs, path);
  makeDirectories(dirname(to));
  // Shares blocks where the file system can; links are followed, so that no name dangles. Programs share libraries.
  await copyFile(from, to, constants.COPYFILE_FICLONE);
}

/**
 * Copy a package and all of its dependencies. Each dependency goes to the top `node_modules`; a second version of one
 * goes below the package that needs it, where Node.js looks first.
 */
async function copyPackages(plugin, target) {
  const placed = new Map();
  async function place(source, to) {
    const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
    await copyPackage(source, to, manifest);
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const dependency = await findPackage(name, source);
      if (placed.get(name) === dependency) continue;
      const directory = placed.has(name) ? to : target;
      if (!placed.has(name)) placed.set(name, dependency);
      await place(dependency, join(directory, 'node_modules', name));
    }
  }
  await place(await realpath(plugin), target);
}

/** Copy the files of a package that npm would publish; without `files`, everything but its dependencies. */
async function copyPackage(source, to, manifest) {
  makeDirectories(to);
  const listed = (manifest.files ?? []).filter((entry) => !entry.startsWith('!'));
  for (const entry of listed.length === 0 ? ['.'] : ['package.json', ...listed]) {
    await cp(join(source, entry), join(to, entry), {
      recursive: true,
      filter: (path) => path === source || isPublished(basename(path)),
    }).catch((error) => {
      throw new Error(`cannot pack "${join(source, entry)}": ${error.message}; is the package built?`);
    });
  }
}

function isPublished(name) {
  return name !== 'node_modules' && !/\.test\.|\.map$|\.tsbuildinfo$|\.d\.ts$/.test(name);
}

/** Find a package as Node.js resolves it: in `node_modules` here or in a parent directory. */
async function findPackage(name, from) {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    if (await exists(join(candidate, 'package.json'))) return realpath(candidate);
    if (directory === dirname(directory))
      throw new Error(`cannot find the dependency "${name}" of "${from}"; run npm ci`);
  }
}

/** Make the mount points of the config; a read-only or minimal host does not create them. */
async function makeMountPoints(plugin, rootfs) {
  const config = JSON.parse(await readFile(join(plugin, 'config.json'), 'utf8'));
  if (config.propagatedMount) makeDirectories(join(rootfs, config.propagatedMount));
}

function exists(path) {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

if (isMain(import.meta.url)) {
  const [pluginDirectory, outputDirectory] = process.argv.slice(2);
  if (pluginDirectory === undefined || outputDirectory === undefined) {
    console.error('usage: node scripts/pack-plugin.mjs <plugin directory> <output directory>');
    process.exitCode = 2;
  } else {
    await packPlugin(pluginDirectory, outputDirectory);
  }
}
