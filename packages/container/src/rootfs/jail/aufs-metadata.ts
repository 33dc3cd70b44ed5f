/**
 * Handles metadata of AUFS, a former storage driver of Docker, in layers made from it: files at the root whose names
 * begin with `.wh..wh.`. They are not part of the tree. But hard links may refer to files in `.wh..wh.plnk`, where
 * AUFS kept files with several names, so those exist until the layer ends.
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

/** True for AUFS metadata. The opaque whiteout of the root directory is none. */
export function isAufsMetadata(path: JailPath): boolean {
  return startsWith(path, metadataPrefix) && !path.equals(opaqueMark);
}

/** Targets of hard links of AUFS layers, in one jail. */
export class AufsLinks {
  #exists = false;

  /** True when an entry is such a target, and must be written temporarily. */
  isTarget(entry: TarEntry, path: JailPath): boolean {
    const isTarget = entry.type === 'file' && startsWith(path, linkPrefix);
    this.#exists ||= isTarget;
    return isTarget;
  }

  /** Remove the targets; links to them stay. @throws {OutboardError} system when the disk fails */
  remove(): void {
    if (!this.#exists) return;
    this.#exists = false;
    removeContents(linkDirectory, removeAll);
    check(removeDirectory(linkDirectory), 'remove directory', linkDirectory);
  }
}

/** Compares the first bytes only: called for every entry. */
function startsWith(path: Buffer, start: Buffer): boolean {
  for (let at = 0; at < start.length; at++) if (path[at] !== start[at]) return false;
  return true;
}
