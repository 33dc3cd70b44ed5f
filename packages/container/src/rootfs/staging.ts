/**
 * Staging directories: a tree is assembled in one before a rename makes it visible.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectories, storageError } from '@outboard/oci';
import type { Logger } from 'pino';
import { removeTree } from '../linux/remove-tree.ts';

/** A directory that only root can enter. Dispose deletes whatever is still at its path. */
export interface StagedDirectory extends AsyncDisposable {
  readonly path: string;
  /**
   * Make an empty directory inside, with mode 0755 like any root directory: the staging directory above it restricts
   * access.
   * @param name one path component
   * @returns its path
   */
  makeDirectory(name: string): Promise<string>;
  /** Its path, for the rename that commits it; after the rename there is nothing to dispose. */
  commit(): string;
}

/** Source of staging directories. */
export interface Staging {
  /** @throws {OutboardError} system */
  create(): Promise<StagedDirectory>;
}

/**
 * Make the parent directory if it is absent, and delete what an earlier process left in it. A tree that cannot be deleted,
 * such as one with an immutable file, is logged and left: staging directories have random names.
 * @param directory `DATA_ROOT/plugins/tmp`
 * @throws {OutboardError} system when the directory cannot be made or read
 */
export async function openStaging(directory: string, logger: Logger): Promise<Staging> {
  await makeDirectories(directory, { mode: 0o700 });
  for (const name of await readdir(directory)) {
    try {
      await removeTree(join(directory, name));
    } catch (error) {
      logger.error({ err: error }, 'cannot delete a staging directory: the next start tries again');
    }
  }
  return { create: () => createStagedDirectory(directory) };
}

async function createStagedDirectory(parent: string): Promise<StagedDirectory> {
  // A cleaner of temporary files may have deleted it.
  await makeDirectories(parent, { mode: 0o700 });
  const path = join(parent, randomBytes(16).toString('hex'));
  await makePrivateDirectory(path);
  return {
    path,
    async makeDirectory(name) {
      const child = join(path, name);
      await mkdir(child);
      await chmod(child, 0o755); // mkdir applies the umask
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
    throw storageError('make directory', path, cause);
  }
}
