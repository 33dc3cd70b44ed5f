/**
 * Follows paths in a root filesystem through handles on its directories. Nothing is opened, and no mount is entered:
 * it may be a file system of the container that never answers.
 *
 * Synchronous: a start makes about a hundred look-ups, which take microseconds each; through the thread pool they
 * take a hundred times as long.
 */
import { closeSync } from 'node:fs';
import { OutboardError } from '@outboard/oci';
import { errorCode } from '../linux/errno.ts';
import { openByOpenat2, openEntry, openTrustedDirectory } from '../linux/open-entry.ts';
import { type Found, PathWalk, type WalkEnd } from './path-walk.ts';

/** Open a root filesystem; the caller closes the handle. @throws {OutboardError} invalid when it is absent */
export function openRoot(rootfs: string): number {
  try {
    return openTrustedDirectory(rootfs);
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw cannotLook(rootfs, cause);
    throw new OutboardError('invalid', `root filesystem ${JSON.stringify(rootfs)} is absent`, { cause });
  }
}

/**
 * Follow a path inside the root.
 * @param root handle of the root filesystem
 * @throws {OutboardError} invalid for a parent that is not a directory, and for too many links; system when the disk
 *   fails
 */
export function walkInRoot(root: number, path: string): WalkEnd {
  const walk = new PathWalk(path);
  for (let path = walk.next(); path !== undefined; path = walk.next()) walk.take(statInRoot(root, path));
  return walk.end();
}

/** Look up the last of some components; the ones before it are no links. @throws {OutboardError} system */
export function statInRoot(root: number, components: readonly string[]): Found {
  const opened: number[] = [];
  try {
    for (const name of components) {
      const found = openEntry(opened.at(-1) ?? root, name);
      if (found.type !== 'directory') return found;
      opened.push(found.handle);
    }
    return { type: 'directory' };
  } catch (cause) {
    throw cannotLook(`/${components.join('/')}`, cause);
  } finally {
    for (const handle of opened) closeSync(handle);
  }
}

/**
 * Open a path that contains no links, with O_PATH.
 * @returns undefined when it is gone, or on a mount; the caller closes the handle
 */
export function openInRoot(root: number, components: readonly string[]): number | undefined {
  const parents: number[] = [];
  try {
    for (const name of components.slice(0, -1)) {
      const found = openEntry(parents.at(-1) ?? root, name);
      if (found.type !== 'directory') return undefined;
      parents.push(found.handle);
    }
    const handle = openByOpenat2(parents.at(-1) ?? root, components.at(-1) ?? '.');
    return typeof handle === 'number' ? handle : undefined;
  } finally {
    for (const handle of parents) closeSync(handle);
  }
}

function cannotLook(path: string, cause: unknown): OutboardError {
  const reason = errorCode(cause) ?? String(cause);
  return new OutboardError('system', `cannot look at ${JSON.stringify(path)}: ${reason}`, { cause });
}
