/**
 * Paths inside the jail: absolute (the jail is the root), clean, bytes that end in a NUL.
 */
import { OutboardError } from '@outboard/oci/layers';
import { describeErrno } from '../../linux/libc.ts';

const slash = 0x2f;

/** `/a/b` and a NUL. */
export type JailPath = Buffer;

/** @param clean a name from `cleanEntryName` */
export function jailPath(clean: Buffer): JailPath {
  const path = Buffer.allocUnsafe(clean.length + 2);
  path[0] = slash;
  path.set(clean, 1);
  path[clean.length + 1] = 0;
  return path;
}

/** The same path for `node:fs`, which wants no NUL. A view. */
export function withoutNul(path: JailPath): Buffer {
  return path.subarray(0, -1);
}

/** `/a` for `/a/b`, `/` for `/a`. A copy. */
export function parentOf(path: JailPath): JailPath {
  const end = Math.max(path.lastIndexOf(slash), 1);
  const parent = Buffer.allocUnsafe(end + 1);
  path.copy(parent, 0, 0, end);
  parent[end] = 0;
  return parent;
}

/** The last component, without a NUL. A view. */
export function baseOf(path: JailPath): Buffer {
  return path.subarray(path.lastIndexOf(slash) + 1, -1);
}

/** A name for people: JSON, one line, at most 200 characters. */
export function showName(name: Uint8Array): string {
  const text = Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString();
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** What the host lacks; everything else is the archive's fault. */
const hostErrors = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EROFS']);

/**
 * What failed, as an error of the project.
 * @param errno the positive error number
 * @param what such as `cannot create "usr/bin"`
 */
export function fileError(errno: number, what: string, cause?: unknown): OutboardError {
  const { code, text } = describeErrno(errno);
  const kind = hostErrors.has(code) ? 'system' : 'invalid';
  return new OutboardError(kind, `${what}: ${text}`, { cause, code });
}

/**
 * Pass a result on, or throw what failed.
 * @param result what a call of `linux/file-calls.ts` gave
 * @param action such as `create`
 * @throws {OutboardError} system when the disk or the host is at its limit, else invalid
 */
export function check(result: number, action: string, path: JailPath): number {
  if (result >= 0) return result;
  throw fileError(-result, `cannot ${action} ${showName(withoutNul(path))}`);
}
