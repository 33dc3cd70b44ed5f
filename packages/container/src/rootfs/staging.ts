/**
 * Staging directories: where a plugin is put together before one rename makes it visible.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories, OutboardError } from '@outboard/oci';
import { errorCode } from '../linux/errno.ts';
import { removeTree } from '../linux/remove-tree.ts';

/** A directory that only root can enter. Dispose deletes whatever is still at its path. */
export interface StagedDirectory extends AsyncDisposable {
  readonly path: string;
  /**
   * Make an empty directory inside, mode 0755 like the root of any system: what keeps others out is the staged
   * directory above it.
   * @param name one path component
   * @returns its path
   */
  makeDirectory(name: string): Promise<string>;
  /** The path, for the rename that makes the content visible; once moved away there is nothing to dispose. */
  commit(): string;
}

/** The place for staged directories, on the same file system as where they go. */
export interface Staging {
  /** @throws {OutboardError} system */
  create(): Promise<StagedDirectory>;
}

/**
 * Make the place if it is absent, and delete what an earlier run left there.
 * @param directory `DATA_ROOT/plugins/tmp`
 * @throws {OutboardError} system
 */
export async function openStaging(directory: string): Promise<Staging> {
  await makeDirectories(directory, { mode: 0o700 });
  for (const name of await readdir(directory)) await removeTree(join(directory, name));
  return { create: () => createStagedDirectory(directory) };
}

async function createStagedDirectory(parent: string): Promise<StagedDirectory> {
  // A cleaner of temporary directories may have taken it.
  await makeDirectories(parent, { mode: 0o700 });
  const path = join(parent, randomBytes(16).toString('hex'));
  await makePrivateDirectory(path);
  return {
    path,
    async makeDirectory(name) {
      const child = join(path, name);
      await mkdir(child);
      await chmod(child, 0o755); // whatever the umask
      return child;
    },
    commit: () => path,
    [Symbol.asyncDispose]: () => removeTree(path),
  };
}

async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    const code = errorCode(cause) ?? 'unknown error';
    throw new OutboardError('system', `cannot make directory ${JSON.stringify(path)}: ${code}`, { cause });
  }
}
