/**
 * Sets times of directories when their content is complete, since every new entry changes them.
 */
import { constants, fstatSync } from 'node:fs';
import { closeFile, openFile, setTimes } from '../../linux/file-calls.ts';
import { check, type JailPath } from './jail-path.ts';

interface PendingTime {
  /** `latin1` with NUL: a small `Buffer` would keep the whole slab that it was cut from in memory. */
  readonly path: string;
  readonly inode: number;
  readonly seconds: number;
}

const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | 0o2000000; // O_CLOEXEC

/** Open a directory that is not a link. @returns the descriptor, or the negative error number */
export function openDirectory(path: JailPath): number {
  return openFile(path, flags, 0);
}

/** Collects times in archive order. */
export class DirectoryTimes {
  #pending: PendingTime[] = [];

  /** @param descriptor the open directory */
  add(path: JailPath, descriptor: number, seconds: number): void {
    this.#pending.push({ path: path.toString('latin1'), inode: fstatSync(descriptor).ino, seconds });
  }

  /** Set all times. A directory that was replaced is left alone. */
  apply(): void {
    for (const { path, inode, seconds } of this.#pending) {
      const bytes = Buffer.from(path, 'latin1');
      const descriptor = openDirectory(bytes);
      if (descriptor < 0) continue; // replaced or removed by a later entry
      if (fstatSync(descriptor).ino === inode) check(setTimes(descriptor, seconds), 'set times of', bytes);
      closeFile(descriptor);
    }
    this.#pending = [];
  }
}
