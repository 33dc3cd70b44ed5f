/**
 * Finds the program of a container as the OCI runtime does: like execvp(3), in PATH or from the working directory.
 * @see opencontainers/runc libcontainer/standard_init_linux.go, which calls Go's exec.LookPath
 */
import { resolve } from 'node:path/posix';
import { containerDefaults } from '../spec/container-defaults.ts';
import { readFileInRoot } from './read-in-root.ts';

const executableBits = 0o111;
/** Upper bound for entries of PATH. */
const maxDirectories = 64;

/** A program to find. */
export interface ProgramSearch {
  /** First argument of the command line. */
  readonly name: string;
  /** Absolute path of the working directory. */
  readonly workDir: string;
  /** Environment of the container; the last PATH counts. */
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
  for (const candidate of programCandidates(program)) {
    const file = await readFileInRoot(rootfs, candidate, maxBytes);
    // A program named by a path need not be executable to be found.
    if (file !== undefined && (name.includes('/') || (file.mode & executableBits) !== 0)) return file.content;
  }
  return undefined;
}

/** Paths at which the runtime searches a program, in order; absolute in the root filesystem. */
export function programCandidates({ name, workDir, env }: ProgramSearch): readonly string[] {
  if (name === '') return [];
  if (name.includes('/')) return [resolve(workDir, name)];
  const path = env.findLast((entry) => entry.startsWith('PATH=')) ?? containerDefaults.path;
  return path
    .slice('PATH='.length)
    .split(':', maxDirectories)
    .map((directory) => resolve(workDir, directory, name));
}
