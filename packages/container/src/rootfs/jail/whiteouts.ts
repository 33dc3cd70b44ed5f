/**
 * Whiteouts: entries that remove entries of lower layers.
 * @see OCI image-spec v1.1.1, layer.md "Whiteouts"
 */
import { lstatSync, type Stats, statSync } from 'node:fs';
import { OutboardError } from '@outboard/oci/layers';
import { errorCode } from '../../linux/errno.ts';
import { removeFile, terminatePath } from '../../linux/file-calls.ts';
import { baseOf, check, type JailPath, parentOf, showName, withoutNul } from './jail-path.ts';
import type { LayerNames } from './layer-names.ts';
import { removeContents, removeUnlessFilled } from './remove-contents.ts';

const prefix = Buffer.from('.wh.');
const slash = Buffer.from('/');

/**
 * A whiteout. `remove`: one name; `opaque`: all entries of lower layers in the directory; `foreign`: metadata of
 * AUFS, without meaning here.
 */
export type Whiteout =
  | { readonly kind: 'remove'; readonly target: JailPath }
  | { readonly kind: 'opaque'; readonly directory: JailPath }
  | { readonly kind: 'foreign' };

/**
 * Parse a path as a whiteout; undefined for an ordinary entry.
 * @throws {OutboardError} invalid when it would remove nothing, `.` or `..`
 */
export function parseWhiteout(path: JailPath): Whiteout | undefined {
  const base = baseOf(path);
  if (!startsWith(base, prefix)) return undefined;
  const hidden = base.subarray(prefix.length);
  if (startsWith(hidden, prefix)) {
    const isOpaque = hidden.length === 8 && hidden.toString('latin1', 4) === '.opq';
    return isOpaque ? { kind: 'opaque', directory: parentOf(path) } : { kind: 'foreign' };
  }
  const isDots = hidden.every((byte) => byte === 0x2e) && hidden.length < 3;
  if (isDots)
    throw new OutboardError('invalid', `whiteout ${showName(withoutNul(path))} names no entry to remove`);
  const parent = withoutNul(parentOf(path));
  return { kind: 'remove', target: terminatePath(Buffer.concat([parent, slash, hidden])) };
}

/** Compares the first bytes only: called for every entry. */
function startsWith(bytes: Buffer, start: Buffer): boolean {
  if (bytes.length < start.length) return false;
  for (let at = 0; at < start.length; at++) if (bytes[at] !== start[at]) return false;
  return true;
}

/**
 * Apply a whiteout to entries of lower layers. Entries of the current layer stay, in whatever order.
 * @throws {OutboardError} when the file system fails
 */
export function applyWhiteout(whiteout: Whiteout, written: LayerNames): void {
  if (whiteout.kind === 'remove') removeName(whiteout.target, written);
  if (whiteout.kind === 'opaque') {
    const directory = statSync(withoutNul(whiteout.directory), { throwIfNoEntry: false });
    if (directory?.isDirectory()) removeContents(whiteout.directory, written);
  }
}

function removeName(target: JailPath, written: LayerNames): void {
  const found = lstatIfThere(target);
  if (found === undefined) return;
  const parent = statSync(withoutNul(parentOf(target)));
  const isWritten = written.has(parent.ino, baseOf(target));
  if (!found.isDirectory()) {
    if (!isWritten) check(removeFile(target), 'remove', target);
    return;
  }
  removeContents(target, written);
  // A directory without entry in this layer is kept when this layer wrote entries below it.
  if (!isWritten) removeUnlessFilled(target);
}

function lstatIfThere(path: JailPath): Stats | undefined {
  try {
    return lstatSync(withoutNul(path), { throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return undefined; // there is nothing below a file
    throw error;
  }
}
