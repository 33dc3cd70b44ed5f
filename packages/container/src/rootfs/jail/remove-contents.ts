/**
 * Deletes the content of a directory in the jail. It changes the working directory, one component at a time, so that
 * neither depth nor path length is limited, and enters no link.
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

/** Rules about entries that a removal keeps. */
export interface RemovalRules {
  /** True when the entry of that name, in the directory with that inode, is kept. */
  has(parentInode: number, name: Buffer): boolean;
  /** True when nothing removable is left in a directory and below it. */
  isEmptied(inode: number): boolean;
  /** Called for each directory after its content was removed. */
  markEmptied(inode: number): void;
}

/** Keeps nothing. */
export const removeAll: RemovalRules = {
  has: () => false,
  isEmptied: () => false,
  markEmptied: () => undefined,
};

interface OpenDirectory {
  readonly name: Buffer;
  readonly inode: number;
  /** Remaining entries. */
  readonly entries: Dirent<Buffer>[];
}

/**
 * Delete everything below a directory except kept entries and their parents.
 * @param directory followed if it is a link, which cannot lead out of the jail
 * @throws {OutboardError} system when the tree changes meanwhile or the disk fails
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

/** Return to the parent; the emptied directory is removed unless it is kept, or contains kept entries. */
function leave(left: OpenDirectory, parent: OpenDirectory, rules: RemovalRules): void {
  check(enterDirectory(parentDirectory), 'enter', parentDirectory);
  if (statSync('.').ino !== parent.inode) {
    throw new OutboardError('system', 'the directory being unpacked was changed from outside');
  }
  if (!rules.has(parent.inode, left.name)) removeUnlessFilled(terminatePath(left.name));
}

/** Remove a directory unless it is not empty. */
export function removeUnlessFilled(path: JailPath): void {
  const result = removeDirectory(path);
  if (result !== -ENOTEMPTY && result !== -EEXIST) check(result, 'remove directory', path);
}
