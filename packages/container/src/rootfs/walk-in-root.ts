/**
 * Where a path leads in a root filesystem, by handles on its directories. Nothing is opened, and nothing that is mounted
 * there is looked into: it may be a file system of the plugin's own that never answers.
 *
 * Synchronous on purpose: a start makes some hundred of these lookups, each of which takes microseconds here and the
 * thread pool a hundred times as long.
 */
import { closeSync } from 'node:fs';
import { OutboardError } from '@outboard/oci';
import { errorCode } from '../linux/errno.ts';
import { openByOpenat2, openEntry, openTrustedDirectory } from '../linux/open-entry.ts';
import { type Found, PathWalk, type WalkEnd } from './path-walk.ts';

/** A handle on a root filesystem; the caller closes it. @throws {OutboardError} invalid when it is absent */
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
 * @param root a handle
 * @throws {OutboardError} invalid: through something that is no directory, too many links; system when the disk fails
 */
export function walkInRoot(root: number, path: string): WalkEnd {
  const walk = new PathWalk(path);
  for (let place = walk.next(); place !== undefined; place = walk.next()) walk.take(statInRoot(root, place));
  return walk.end();
}

/** What the last of some components is; the ones before it are no links. @throws {OutboardError} system */
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
 * A handle on a place that was reached without links, and that opens nothing.
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
