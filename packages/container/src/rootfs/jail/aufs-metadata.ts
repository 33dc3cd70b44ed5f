/**
 * What AUFS, which Docker once kept layers on, left in the layers that were made of it: files at the root whose names begin
 * with `.wh..wh.`. None of it is part of the tree; but hard links may lead to the files of `.wh..wh.plnk`, where AUFS kept
 * the files with several names, so that those are there until the layer ends.
 * @see moby/go-archive diff.go, UnpackLayer: "Skip AUFS metadata dirs"
 */
import type { TarEntry } from '@outboard/oci/layers';
import { removeDirectory, terminatePath } from '../../linux/file-calls.ts';
import { check, type JailPath } from './jail-path.ts';
import { removeAll, removeContents } from './remove-contents.ts';

const metadataPrefix = Buffer.from('/.wh..wh.');
const opaqueMark = terminatePath(Buffer.from('/.wh..wh..opq'));
const linkDirectory = terminatePath(Buffer.from('/.wh..wh.plnk'));
const linkPrefix = Buffer.from('/.wh..wh.plnk/');

/** Whether a path is of AUFS alone. The whiteout of the whole root is not. */
export function isAufsMetadata(path: JailPath): boolean {
  return startsWith(path, metadataPrefix) && !path.equals(opaqueMark);
}

/** The files of one jail that hard links of AUFS layers may lead to. */
export class AufsLinks {
  #isThere = false;

  /** Whether an entry is such a file, and has to be written for now. */
  isTarget(entry: TarEntry, path: JailPath): boolean {
    const isTarget = entry.type === 'file' && startsWith(path, linkPrefix);
    this.#isThere ||= isTarget;
    return isTarget;
  }

  /** Take their names away; the links to them stay. @throws {OutboardError} system when the disk fails */
  remove(): void {
    if (!this.#isThere) return;
    this.#isThere = false;
    removeContents(linkDirectory, removeAll);
    check(removeDirectory(linkDirectory), 'remove directory', linkDirectory);
  }
}

/** Compares no more than the first bytes: this runs for every entry. */
function startsWith(path: Buffer, start: Buffer): boolean {
  for (let at = 0; at < start.length; at++) if (path[at] !== start[at]) return false;
  return true;
}
