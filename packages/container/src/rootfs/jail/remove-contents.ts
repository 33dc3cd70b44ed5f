/**
 * Delete what is in a directory of the jail. It walks by changing the working directory, one component at a time,
 * so that neither depth nor path length is limited, and it enters nothing through a link.
 */
import { constants, type Dirent, readdirSync, statSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { OutboardError } from '@outboard/oci/layers';
import {
  closeFile,
  enterDirectory,
  openFile,
  removeDirectory,
  removeFile,
  terminatePath,
} from '../../linux/file-calls.ts';
import { changeDirectory } from '../../linux/root-directory.ts';
import { check, type JailPath } from './jail-path.ts';

const openDirectoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | 0o2000000; // O_CLOEXEC
const parentDirectory = terminatePath(Buffer.from('..'));
const rootDirectory = terminatePath(Buffer.from('/'));

const { ENOTEMPTY, EEXIST } = osConstants.errno;

/** What a removal leaves alone. */
export interface RemovalRules {
  /** Whether the entry of that name, in the directory with that inode, stays. */
  has(parentInode: number, name: Buffer): boolean;
  /** Whether all that may be removed from a directory, and from what is below it, is gone already. */
  isEmptied(inode: number): boolean;
  /** Told of each directory once its content was looked at. */
  markEmptied(inode: number): void;
}

/** Leaves nothing. */
export const removeAll: RemovalRules = {
  has: () => false,
  isEmptied: () => false,
  markEmptied: () => undefined,
};

interface OpenDirectory {
  readonly name: Buffer;
  readonly inode: number;
  /** Entries still to be looked at. */
  readonly entries: Dirent<Buffer>[];
}

/**
 * Delete everything below a directory but what is kept and the directories that lead to it.
 * @param directory followed if it is a link: the kernel keeps that inside the jail
 * @throws {OutboardError} system when the tree changes under it or the disk fails
 */
export function removeContents(directory: JailPath, rules: RemovalRules): void {
  try {
    const stack = [enter(directory, 0, rules)];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const entry = top.entries.pop();
      if (entry === undefined) {
        rules.markEmptied(top.inode);
        stack.pop();
        const parent = stack.at(-1);
        if (parent !== undefined) leave(top, parent, rules);
      } else if (entry.isDirectory()) {
        stack.push(enter(terminatePath(entry.name), constants.O_NOFOLLOW, rules));
      } else if (!rules.has(top.inode, entry.name)) {
        const path = terminatePath(entry.name);
        check(removeFile(path), 'remove', path);
      }
    }
  } finally {
    check(enterDirectory(rootDirectory), 'enter', rootDirectory);
  }
}

function enter(path: JailPath, flags: number, rules: RemovalRules): OpenDirectory {
  const descriptor = check(openFile(path, openDirectoryFlags | flags, 0), 'open directory', path);
  try {
    changeDirectory(descriptor);
  } finally {
    closeFile(descriptor);
  }
  const inode = statSync('.').ino;
  const entries = rules.isEmptied(inode) ? [] : readdirSync('.', { encoding: 'buffer', withFileTypes: true });
  return { name: path.subarray(0, -1), inode, entries };
}

/** Back to the parent; the emptied directory goes unless it is kept, or leads to what is kept. */
function leave(left: OpenDirectory, parent: OpenDirectory, rules: RemovalRules): void {
  check(enterDirectory(parentDirectory), 'enter', parentDirectory);
  if (statSync('.').ino !== parent.inode) {
    throw new OutboardError('system', 'the directory being unpacked was changed from outside');
  }
  if (!rules.has(parent.inode, left.name)) removeUnlessFilled(terminatePath(left.name));
}

/** Remove a directory, unless what is left in it leads to something that stays. */
export function removeUnlessFilled(path: JailPath): void {
  const result = removeDirectory(path);
  if (result !== -ENOTEMPTY && result !== -EEXIST) check(result, 'remove directory', path);
}
