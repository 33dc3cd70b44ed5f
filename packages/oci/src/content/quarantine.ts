/**
 * Quarantine for damaged blobs: readers no longer find them, and an operator can examine them. Bounded in files and
 * bytes: the oldest are deleted.
 */
import { renameSync, statSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeDirectoryDurably } from '../files/durable-file.ts';
import { onStorage, storageError, systemErrorCode } from '../files/storage-error.ts';

const maxFiles = 8;
const maxBytes = 256 * 1024 * 1024;

/** A directory for damaged files, on the same file system as the store. */
export interface Quarantine {
  /**
   * Move a file into the quarantine, unless its path now names another file.
   * @param inode inode number of the damaged file
   * @returns its new path; undefined when it was gone, or was too large to be kept
   */
  take(path: string, inode: number): Promise<string | undefined>;
}

/** Create a quarantine; its directory is created with the first file. */
export function createQuarantine(directory: string): Quarantine {
  return {
    async take(path, inode) {
      await makeDirectoryDurably(directory, { mode: 0o700 });
      const target = join(directory, `${basename(path)}.${Date.now()}`);
      if (!moveAway(path, inode, target)) return undefined;
      const kept = await trim(directory);
      return kept.has(target) ? target : undefined;
    },
  };
}

// Synchronous, so that no commit can put an intact blob at the path between check and rename.
function moveAway(path: string, inode: number, target: string): boolean {
  try {
    if (statSync(path).ino !== inode) return false;
    renameSync(path, target);
    return true;
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return false;
    throw storageError('set aside damaged blob', path, cause);
  }
}

/** Delete the oldest files until the rest is within bounds. @returns the paths that are left */
async function trim(directory: string): Promise<ReadonlySet<string>> {
  return await onStorage('list damaged blobs', directory, async () => {
    const files: { path: string; setAsideAt: number; bytes: number }[] = [];
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      files.push({ path, setAsideAt: Number(name.split('.').at(-1)), bytes: (await stat(path)).size });
    }
    files.sort((a, b) => b.setAsideAt - a.setAsideAt);
    const kept = new Set<string>();
    let bytes = 0;
    for (const file of files) {
      if (kept.size < maxFiles && bytes + file.bytes <= maxBytes) {
        kept.add(file.path);
        bytes += file.bytes;
      } else await rm(file.path, { force: true });
    }
    return kept;
  });
}
