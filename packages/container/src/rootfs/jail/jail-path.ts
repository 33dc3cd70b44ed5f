/**
 * Paths inside the jail: absolute (the jail is the root), clean, bytes with a terminating NUL.
 */
import { OutboardError } from '@outboard/oci/layers';
import { describeErrno } from '../../linux/libc.ts';

const slash = 0x2f;

/** An absolute path with a terminating NUL. */
export type JailPath = Buffer;

/** Make a path. @param clean a name from `cleanEntryName` */
export function jailPath(clean: Buffer): JailPath {
  const path = Buffer.allocUnsafe(clean.length + 2);
  path[0] = slash;
  path.set(clean, 1);
  path[clean.length + 1] = 0;
  return path;
}

/** The path without NUL, for `node:fs`. A view. */
export function withoutNul(path: JailPath): Buffer {
  return path.subarray(0, -1);
}

/** Parent: `/a` for `/a/b`, `/` for `/a`. A copy. */
export function parentOf(path: JailPath): JailPath {
  const end = Math.max(path.lastIndexOf(slash), 1);
  const parent = Buffer.allocUnsafe(end + 1);
  path.copy(parent, 0, 0, end);
  parent[end] = 0;
  return parent;
}

/** Last component without NUL. A view. */
export function baseOf(path: JailPath): Buffer {
  return path.subarray(path.lastIndexOf(slash) + 1, -1);
}

/** Format a name for messages: JSON, one line, at most 200 characters. */
export function showName(name: Uint8Array): string {
  const text = Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString();
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** Errors of the host; all others are caused by the archive. */
const hostErrors = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EROFS']);

/**
 * Create an error for a failed call.
 * @param errno the positive error number
 * @param what such as `cannot create "usr/bin"`
 */
export function fileError(errno: number, what: string, cause?: unknown): OutboardError {
  const { code, text } = describeErrno(errno);
  const kind = hostErrors.has(code) ? 'system' : 'invalid';
  return new OutboardError(kind, `${what}: ${text}`, { cause, code });
}

/**
 * Check the result of a call of `linux/file-calls.ts`.
 * @param action such as `create`
 * @returns the result
 * @throws {OutboardError} system when the disk or the host is at its limit, otherwise invalid
 */
export function check(result: number, action: string, path: JailPath): number {
  if (result >= 0) return result;
  throw fileError(-result, `cannot ${action} ${showName(withoutNul(path))}`);
}
