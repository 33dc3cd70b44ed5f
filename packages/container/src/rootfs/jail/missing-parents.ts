/**
 * Makes directories that have no entry of their own, as parents of entries.
 */
import { readlinkSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { OutboardError } from '@outboard/oci/layers';
import { errorCode } from '../../linux/errno.ts';
import { makeDirectory, terminatePath } from '../../linux/file-calls.ts';
import { check, type JailPath, parentOf, showName, withoutNul } from './jail-path.ts';

const slash = 0x2f;
/** Limit of the kernel for links in one path. */
const maxLinks = 40;

const { errno } = constants;

/** Called for every directory that was made. */
export type OnDirectoryMade = (path: JailPath) => void;

/**
 * Make every missing parent of a path, with mode 0755. When a parent is a link without target, the target is made
 * too, inside the jail: layers may contain `/var/run -> /run` and `/var/run/x` without `/run`.
 * @throws {OutboardError} invalid when a parent is not a directory, or links form a circle
 */
export function makeMissingParents(path: JailPath, onMade: OnDirectoryMade): void {
  let links = 0;
  /** Paths that must become directories; the last one first. */
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
 * Make a directory and its parents, starting at the nearest existing one, so that existing parents cost nothing.
 * @returns target of a link that has no target yet; the caller makes that first
 */
function makeWithParents(path: JailPath, onMade: OnDirectoryMade): JailPath | undefined {
  const ends = componentEnds(path);
  let isBelow = false;
  for (let at = ends.length - 1; at < ends.length; ) {
    const prefix = terminatePath(path.subarray(0, ends[at]));
    const result = makeDirectory(prefix, 0o755);
    // A parent is missing, or not a directory: try the next one up.
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

/** End offsets of the components of a path. */
function componentEnds(path: JailPath): number[] {
  const ends: number[] = [];
  for (let end = 1; end < path.length; end++) {
    const isEnd = path[end] === slash || path[end] === 0;
    if (isEnd && path[end - 1] !== slash) ends.push(end);
  }
  return ends;
}

/** Status of the target of an existing name; undefined for a link without target, or in a circle. */
function statOf(path: JailPath) {
  try {
    return statSync(withoutNul(path), { throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) === 'ELOOP' || errorCode(error) === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}

/** Target of a link, as a path from the jail's root; the kernel resolves `..` in it. */
function linkTarget(link: JailPath): JailPath {
  const target = readlinkSync(withoutNul(link), 'buffer');
  if (target[0] === slash) return terminatePath(target);
  const parent = withoutNul(parentOf(link));
  return terminatePath(Buffer.concat([parent, Buffer.from('/'), target]));
}
