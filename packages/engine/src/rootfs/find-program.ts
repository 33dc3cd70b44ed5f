/**
 * Where the OCI runtime finds a plugin's program: as execvp(3) does, in PATH or from the working directory.
 * @see opencontainers/runc libcontainer/standard_init_linux.go, which calls Go's exec.LookPath
 */
import { resolve } from 'node:path/posix';
import { defaultPath } from '../runtime/spec/baseline.ts';
import { readFileInRoot } from './read-in-root.ts';

const executableBits = 0o111;
/** More than any honest PATH has. */
const maxFolders = 64;

/** A program as a plugin's config names it. */
export interface SoughtProgram {
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
  program: SoughtProgram,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const { name, workDir } = program;
  if (name === '') return undefined;
  if (name.includes('/')) return (await readFileInRoot(rootfs, resolve(workDir, name), maxBytes))?.content;
  for (const folder of foldersOf(program)) {
    const file = await readFileInRoot(rootfs, resolve(workDir, folder, name), maxBytes);
    if (file !== undefined && (file.mode & executableBits) !== 0) return file.content;
  }
  return undefined;
}

function foldersOf({ env }: SoughtProgram): readonly string[] {
  const path = env.findLast((entry) => entry.startsWith('PATH=')) ?? defaultPath;
  return path.slice('PATH='.length).split(':', maxFolders);
}
