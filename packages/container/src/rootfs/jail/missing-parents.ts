/**
 * Make the directories that an archive names only in passing, as the parents of its entries.
 */
import { readlinkSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { OutboardError } from '@outboard/oci/layers';
import { errorCode } from '../../linux/errno.ts';
import { makeDirectory, terminatePath } from '../../linux/file-calls.ts';
import { check, type JailPath, parentOf, showName, withoutNul } from './jail-path.ts';

const slash = 0x2f;
/** As many links as the kernel follows. */
const maxLinks = 40;

const { errno } = constants;

/** Told of every directory that was made. */
export type OnDirectoryMade = (path: JailPath) => void;

/**
 * Make every missing parent of a path, mode 0755. A parent that is a link to a place not there yet gets that place
 * made, inside the jail: layers may hold `/var/run -> /run` and `/var/run/x` without `/run`.
 * @throws {OutboardError} invalid when a parent is no directory, or links lead in a circle
 */
export function makeMissingParents(path: JailPath, onMade: OnDirectoryMade): void {
  let links = 0;
  /** Each entry is wanted as a directory; the last one first. */
  const wanted = [parentOf(path)];
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    const target = makeWithParents(next, onMade);
    if (target === undefined) continue;
    if (++links > maxLinks)
      throw new OutboardError('invalid', `too many links on the way to ${showName(withoutNul(path))}`);
    wanted.push(next, target);
  }
}

/**
 * From the nearest parent that is there: what is there already costs nothing, however deep it is.
 * @returns where a link on the way leads that has no target yet; the caller makes that first
 */
function makeWithParents(path: JailPath, onMade: OnDirectoryMade): JailPath | undefined {
  const ends = componentEnds(path);
  let isBelow = false;
  for (let at = ends.length - 1; at < ends.length; ) {
    const prefix = terminatePath(path.subarray(0, ends[at]));
    const result = makeDirectory(prefix, 0o755);
    // One of its parents is missing, or no directory: the next ones up will tell.
    const isTooDeep = result === -errno.ENOENT || result === -errno.ENOTDIR;
    if (isTooDeep && !isBelow && at > 0) {
      at--;
      continue;
    }
    if (result >= 0) onMade(prefix);
    else if (result !== -errno.EEXIST) check(result, 'create parent directory', prefix);
    else if (statOf(prefix) === undefined) return linkTarget(prefix);
    else if (!statOf(prefix)?.isDirectory()) check(-errno.ENOTDIR, 'create parent directory', prefix);
    isBelow = true;
    at++;
  }
  return undefined;
}

/** Where each component of a path ends, first to last. */
function componentEnds(path: JailPath): number[] {
  const ends: number[] = [];
  for (let end = 1; end < path.length; end++) {
    const isEnd = path[end] === slash || path[end] === 0;
    if (isEnd && path[end - 1] !== slash) ends.push(end);
  }
  return ends;
}

/** What an existing name leads to; undefined for a link that leads nowhere, or in a circle. */
function statOf(path: JailPath) {
  try {
    return statSync(withoutNul(path), { throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) === 'ELOOP' || errorCode(error) === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}

/** Where a link leads, as a path from the jail's root; `..` in it is the kernel's to resolve. */
function linkTarget(link: JailPath): JailPath {
  const target = readlinkSync(withoutNul(link), 'buffer');
  if (target[0] === slash) return terminatePath(target);
  const parent = withoutNul(parentOf(link));
  return terminatePath(Buffer.concat([parent, Buffer.from('/'), target]));
}
