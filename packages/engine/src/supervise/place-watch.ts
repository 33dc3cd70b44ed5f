/**
 * Notices when someone deletes a part of the exec root that a running plugin has: a cleaner of temporary files, or a
 * hasty administrator. The plugin itself sees nothing of it: its container holds the folders that were, which nobody
 * else can reach any more.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { containerPlaces } from '../runtime/container-places.ts';
import { isErrno } from '../runtime/errno.ts';

export interface PlaceWatch {
  /** A plugin's socket folder was made. */
  note(id: string): Promise<void>;
  forget(id: string): void;
  /** @returns what was deleted, as a sentence */
  findDamage(id: string, socketPath: string): Promise<string | undefined>;
}

/** Of the plugins below an exec root. */
export function createPlaceWatch(execRoot: string): PlaceWatch {
  const bundleOf = (id: string) => containerPlaces(execRoot).bundle(id);
  const folderOf = (id: string) => join(execRoot, 'plugins', id);
  /** Inodes: a folder of the same name that someone made is another one. */
  const folders = new Map<string, bigint>();

  return {
    async note(id) {
      const inode = await inodeOf(folderOf(id));
      if (inode !== undefined) folders.set(id, inode);
    },
    forget: (id) => void folders.delete(id),
    async findDamage(id, socketPath) {
      const folder = folderOf(id);
      const inode = await inodeOf(folder);
      const known = folders.get(id);
      if (inode === undefined || (known !== undefined && inode !== known)) {
        return `the folder of its socket, ${JSON.stringify(folder)}, was deleted`;
      }
      if (known === undefined) {
        // It was taken back: the folder may be another one already, in which it has no socket.
        if ((await inodeOf(socketPath)) === undefined) {
          return `its socket, ${JSON.stringify(socketPath)}, was deleted`;
        }
        folders.set(id, inode);
      }
      const { record, directory } = bundleOf(id);
      if ((await inodeOf(record)) !== undefined) return undefined;
      return `its bundle, ${JSON.stringify(directory)}, was deleted`;
    },
  };
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await lstat(path, { bigint: true })).ino;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
