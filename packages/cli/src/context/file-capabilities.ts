/**
 * File capabilities, the only extended attribute that is archived, as in Docker. Node.js cannot read extended attributes,
 * so libc is called.
 * @see capabilities(7), "File capabilities"; moby/go-archive archive.go, ReadSecurityXattrToTarHeader
 */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import type { TarEntry } from '@outboard/oci/layers';
import { CommandError, messageOf } from '../command-error.ts';

const attributeName = 'security.capability';
/** Upper bound; the largest form, `struct vfs_ns_cap_data`, has 24 bytes. */
const maxBytes = 256;
const { ENODATA, EOPNOTSUPP } = constants.errno;
const noAttributes: TarEntry['xattrs'] = new Map();

/** Reads the extended attributes of a file for the archive. @throws {CommandError} when they cannot be read */
export type ReadAttributes = (path: Buffer) => TarEntry['xattrs'];

/**
 * Load the reader. It needs a native addon, which other commands do not load.
 * @param onWarning called if the addon cannot be loaded; the archive then lacks the attributes
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
