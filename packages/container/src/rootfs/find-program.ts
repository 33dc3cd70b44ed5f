/**
 * Where the OCI runtime finds a plugin's program: as execvp(3) does, in PATH or from the working directory.
 * @see opencontainers/runc libcontainer/standard_init_linux.go, which calls Go's exec.LookPath
 */
import { resolve } from 'node:path/posix';
import { containerDefaults } from '../spec/container-defaults.ts';
import { readFileInRoot } from './read-in-root.ts';

const executableBits = 0o111;
/** More than any honest PATH has. */
const maxDirectories = 64;

/** A program as a plugin's config names it. */
export interface ProgramSearch {
  /** The first word of the entrypoint. */
  readonly name: string;
  /** The working directory: absolute. */
  readonly workDir: string;
  /** Entries of the plugin's environment; the last PATH counts. */
  readonly env: readonly string[];
}

/**
 * Find a program in a root filesystem.
 * @returns its first bytes; undefined when there is none
 */
export async function findProgram(
  rootfs: string,
  program: ProgramSearch,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const { name } = program;
  for (const place of programCandidates(program)) {
    const file = await readFileInRoot(rootfs, place, maxBytes);
    // What is named by a path is taken as it is.
    if (file !== undefined && (name.includes('/') || (file.mode & executableBits) !== 0)) return file.content;
  }
  return undefined;
}

/** Where the runtime looks for a program, in order; absolute paths in the root filesystem. */
export function programCandidates({ name, workDir, env }: ProgramSearch): readonly string[] {
  if (name === '') return [];
  if (name.includes('/')) return [resolve(workDir, name)];
  const path = env.findLast((entry) => entry.startsWith('PATH=')) ?? containerDefaults.path;
  return path
    .slice('PATH='.length)
    .split(':', maxDirectories)
    .map((directory) => resolve(workDir, directory, name));
}
