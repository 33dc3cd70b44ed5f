/**
 * Errors of the system in words, with the remedy where there is one: a code such as `EROFS` tells an operator nothing.
 * @see errno(3)
 */

const words: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EADDRINUSE', 'another process listens there'],
  ['EADDRNOTAVAIL', 'this host has no such address'],
  ['EBUSY', 'it is in use'],
  ['ECONNREFUSED', 'nothing listens there'],
  ['EDQUOT', 'the disk quota is exhausted'],
  ['EEXIST', 'it exists already'],
  ['EHOSTUNREACH', 'no route leads to the host'],
  ['EINVAL', 'invalid argument'],
  ['EIO', 'the device failed (see dmesg)'],
  ['EISDIR', 'it is a directory'],
  ['ELOOP', 'too many symbolic links'],
  ['EMFILE', 'too many open files in this process: raise its limit (LimitNOFILE= of its unit, ulimit -n)'],
  ['ENAMETOOLONG', 'the name is too long'],
  ['ENFILE', 'too many open files on this host: raise the limit (sysctl fs.file-max)'],
  ['ENODEV', 'no such device'],
  ['ENOENT', 'no such file or directory'],
  ['ENOMEM', 'out of memory'],
  ['ENOSPC', 'no space left on device'],
  ['ENOTCONN', 'its file system has lost its server (a FUSE process that ended)'],
  ['ENOTDIR', 'not a directory'],
  ['ENOTEMPTY', 'the directory is not empty'],
  ['ENXIO', 'no such device or address'],
  ['EPERM', 'operation not permitted'],
  ['EROFS', 'the file system is read-only: see dmesg for an error, then mount -o remount,rw'],
  ['ESTALE', 'its server no longer has it (stale file handle)'],
  ['ETIMEDOUT', 'no answer in time'],
  ['ETXTBSY', 'it is a program that runs'],
  ['EXDEV', 'it is on another file system'],
]);

/** Describe the code of a system error, as in `EROFS, the file system is read-only`. @returns the code alone if it is unknown */
export function describeErrorCode(code: string): string {
  const text = words.get(code);
  return text === undefined ? code : `${code}, ${text}`;
}

/**
 * Describe an error of Node.js's file and network calls, such as `cannot open "/x": EACCES, permission denied`.
 * @returns undefined for any other value
 */
export function describeSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  const { code, syscall } = error;
  if (typeof code !== 'string' || typeof syscall !== 'string') return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? ` ${JSON.stringify(error.path)}` : '';
  return words.has(code) ? `cannot ${syscall}${path}: ${describeErrorCode(code)}` : undefined;
}
