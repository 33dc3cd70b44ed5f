/**
 * Delete what is in a directory of the jail. It walks by changing the working directory, one component at a time,
 * so that neither depth nor path length is limited, and it enters nothing through a link.
 */
import { constants, lstatSync, readdirSync, statSync } from 'node:fs';
import { OutboardError } from '@outboard/oci/layers';
import {
  closeFile,
  enterDirectory,
  openFile,
  removeDirectory,
  removeFile,
  terminatePath,
} from '../../linux/file-calls.ts';
import { changeDirectory } from '../../linux/namespaces.ts';
import { check, type JailPath } from './jail-path.ts';

const openDirectoryFlags = constants.O_RDONLY | constants.O_DIRECTORY | 0o2000000; // O_CLOEXEC
const parentDirectory = terminatePath(Buffer.from('..'));
const rootDirectory = terminatePath(Buffer.from('/'));

/** Whether the entry of that name, in the directory with that inode, stays. */
export type KeepEntry = (parentInode: number, name: Buffer) => boolean;

interface OpenDirectory {
  readonly name: Buffer;
  readonly inode: number;
  /** Names still to be looked at. */
  readonly names: Buffer[];
}

/**
 * Delete everything below a directory but what is kept and the directories that lead to it.
 * @param directory followed if it is a link: the kernel keeps that inside the jail
 * @throws {OutboardError} system when the tree changes under it or the disk fails
 */
export function removeContents(directory: JailPath, keep: KeepEntry): void {
  try {
    const stack = [enter(directory, 0)];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const name = top.names.pop();
      if (name === undefined) {
        stack.pop();
        const parent = stack.at(-1);
        if (parent !== undefined) leave(top, parent, keep);
      } else if (lstatSync(name).isDirectory()) {
        stack.push(enter(terminatePath(name), constants.O_NOFOLLOW));
      } else if (!keep(top.inode, name)) {
        const path = terminatePath(name);
        check(removeFile(path), 'remove', path);
      }
    }
  } finally {
    check(enterDirectory(rootDirectory), 'enter', rootDirectory);
  }
}

function enter(path: JailPath, flags: number): OpenDirectory {
  const descriptor = check(openFile(path, openDirectoryFlags | flags, 0), 'open directory', path);
  try {
    changeDirectory(descriptor);
  } finally {
    closeFile(descriptor);
  }
  const names = readdirSync('.', { encoding: 'buffer' });
  return { name: path.subarray(0, -1), inode: statSync('.').ino, names };
}

/** Back to the parent; the emptied directory goes unless it is kept, or leads to what is kept. */
function leave(left: OpenDirectory, parent: OpenDirectory, keep: KeepEntry): void {
  check(enterDirectory(parentDirectory), 'enter', parentDirectory);
  if (statSync('.').ino !== parent.inode) {
    throw new OutboardError('system', 'the directory being unpacked was changed from outside');
  }
  if (keep(parent.inode, left.name)) return;
  const path = terminatePath(left.name);
  const result = removeDirectory(path);
  const leadsToKept = result < 0 && readdirSync(left.name).length > 0;
  if (!leadsToKept) check(result, 'remove directory', path);
}
