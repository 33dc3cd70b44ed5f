/**
 * Programs of this machine, with every library that the loader loads for them.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { OutboardError } from '@outboard/oci';
import { addFile, type HostFileOptions } from '../tree/add-directory.ts';
import { pathOf, type RootTree } from '../tree/root-tree.ts';
import { readElf } from './read-elf.ts';

const run = promisify(execFile);

/** Directories that services of a user lack in PATH. */
const systemDirectories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * Find a program of this machine, as a shell does, and in the directories of system programs.
 * @throws {OutboardError} not-found
 */
export async function findProgram(name: string): Promise<string> {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...systemDirectories];
  const places = name.includes('/') ? [name] : directories.filter(Boolean).map((at) => join(at, name));
  for (const place of places) if (await isProgram(place)) return place;
  throw new OutboardError(
    'not-found',
    `the plugin calls "${name}", which this machine lacks: install it, or begin with a "base" that has it`,
  );
}

/**
 * Add a program of this machine and its libraries, each to the place where the loader looks for it.
 * @param at path in the tree; default where it is here
 */
export async function addProgram(
  tree: RootTree,
  program: string,
  options: HostFileOptions,
  at = program,
): Promise<void> {
  addFile(tree, pathOf(at), program, options);
  for (const library of await sharedLibraries(program)) addFile(tree, pathOf(library), library, options);
}

/**
 * The libraries of ELF files and their loader; none for static ones and for scripts.
 * @throws {OutboardError} invalid when one is missing
 */
export async function sharedLibraries(...files: readonly string[]): Promise<readonly string[]> {
  const facts = await Promise.all(files.map(readElf));
  const dynamic = files.filter((_, index) => facts[index]?.isDynamic === true);
  if (dynamic.length === 0) return [];
  const subject =
    dynamic.length === 1 ? `"${dynamic[0]}"` : `${dynamic.length} files such as "${dynamic[0]}"`;
  const { stdout } = await run('ldd', dynamic, { encoding: 'utf8' }).catch((cause: Error) => {
    throw new OutboardError('invalid', `cannot list the libraries of ${subject}: ${cause.message}`, {
      cause,
    });
  });
  const lines = stdout.split('\n');
  const missing = lines.find((line) => line.includes('not found'));
  if (missing !== undefined) {
    throw new OutboardError('invalid', `${subject} needs a library that is missing here: ${missing.trim()}`);
  }
  // `name => /path (address)`, and `/path (address)` for the loader.
  return [...new Set(lines.flatMap((line) => /(?:^|=>)\s*(\/\S+) \(0x/.exec(line)?.[1] ?? []))];
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
