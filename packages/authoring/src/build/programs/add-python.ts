/**
 * The Python of this machine with its standard library, which `/usr/bin/python3` starts.
 */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { isJsonObject, OutboardError } from '@outboard/oci';
import { addDirectory, addFile, type HostFileOptions } from '../tree/add-directory.ts';
import { pathOf, type RootTree } from '../tree/root-tree.ts';
import { addProgram, findProgram, sharedLibraries } from './shared-libraries.ts';

const run = promisify(execFile);

const question =
  'import json, os, sys, sysconfig; print(json.dumps({"program": os.path.realpath(sys.executable), "library": sysconfig.get_path("stdlib"), "modules": sysconfig.get_config_var("DESTSHARED")}))';

/** Parts of the standard library for development, and packages of other programs. */
const leftOut =
  /^(?:__pycache__|test|tests|idlelib|tkinter|turtledemo|ensurepip|lib2to3|site-packages|dist-packages|pydoc_data|config-.*)$/;

/**
 * Add Python. Compiled files are left out: they hold times, and are made when they are missing.
 * @throws {OutboardError} not-found when there is no python3; invalid when it cannot be packed
 */
export async function addPython(tree: RootTree, options: HostFileOptions): Promise<void> {
  const { program, library, modules } = await askPython(await findProgram('python3'));
  await addProgram(tree, program, options);
  if (program !== '/usr/bin/python3') {
    const facts = { mode: 0o777, uid: 0, gid: 0, modifiedAt: options.modifiedAt };
    tree.put('usr/bin/python3', { type: 'symlink', facts, target: Buffer.from(program) });
  }
  const accepts = (path: string) => !leftOut.test(basename(path));
  addDirectory(tree, pathOf(library), library, { ...options, accepts });
  const names = (await readdir(modules)).filter((name) => name.endsWith('.so'));
  for (const file of await sharedLibraries(...names.map((name) => join(modules, name))))
    addFile(tree, pathOf(file), file, options);
}

async function askPython(program: string) {
  const { stdout } = await run(program, ['-I', '-c', question], { encoding: 'utf8' });
  const answer: unknown = JSON.parse(stdout);
  const text = (key: string): string => {
    const value = isJsonObject(answer) ? answer[key] : undefined;
    if (typeof value === 'string' && value.startsWith('/')) return value;
    throw new OutboardError('invalid', `cannot pack "${program}": it does not say where its "${key}" is`);
  };
  return { program: text('program'), library: text('library'), modules: text('modules') };
}
