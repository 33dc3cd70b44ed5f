/**
 * The one extended attribute that makes a program what it is: the capabilities that it gets when it is run. Docker
 * archives it too, and no other. Node.js cannot read it, so libc is asked.
 * @see capabilities(7), "File capabilities"; moby/go-archive archive.go, ReadSecurityXattrToTarHeader
 */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import type { TarEntry } from '@outboard/oci/layers';
import { CommandError, messageOf } from '../command-error.ts';

const attributeName = 'security.capability';
/** The largest form, `struct vfs_ns_cap_data`, has 24. */
const maxBytes = 256;
const { ENODATA, EOPNOTSUPP } = constants.errno;
const noAttributes: TarEntry['xattrs'] = new Map();

/** Reads the attributes of a file that belong into an archive. @throws {CommandError} when they cannot be read */
export type ReadAttributes = (path: Buffer) => TarEntry['xattrs'];

/**
 * Get ready. Loads a native addon, which commands that archive nothing do without.
 * @param onWarning told when it cannot be loaded: the archive then lacks the attributes
 */
export async function loadAttributeReader(onWarning: (message: string) => void): Promise<ReadAttributes> {
  try {
    const { default: koffi } = await import('koffi');
    const read = koffi
      .load(null)
      .func('intptr_t lgetxattr(const void *path, const char *name, void *value, size_t size)');
    return (path) => {
      const value = Buffer.allocUnsafe(maxBytes);
      const length: number = read(Buffer.concat([path, Buffer.alloc(1)]), attributeName, value, maxBytes);
      if (length >= 0) return new Map([[attributeName, value.subarray(0, length)]]);
      const errno = koffi.errno();
      if (errno === ENODATA || errno === EOPNOTSUPP) return noAttributes;
      const reason = getSystemErrorMap().get(-errno)?.[1] ?? `error number ${errno}`;
      throw new CommandError(`cannot read its file capabilities: ${reason}`);
    };
  } catch (error) {
    onWarning(`left out file capabilities, which cannot be read here: ${messageOf(error)}`);
    return () => noAttributes;
  }
}
