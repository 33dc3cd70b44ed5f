/**
 * Reads files of a directory that another program wrote. Only regular files and real directories count: nothing that blocks
 * or acts when it is opened, such as a pipe or a device, and no link, which could lead anywhere.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { errorCode } from '@outboard/container';
import { OutboardError, onStorage } from '@outboard/oci';

/** Kind of an entry; `other` for links, pipes, sockets and devices. */
export type EntryKind = 'file' | 'directory' | 'other' | 'absent';

/** Look an entry up. A link in its last component is not followed. @throws {OutboardError} system */
export async function entryKind(path: string): Promise<EntryKind> {
  return await onStorage('look up', path, async () => {
    try {
      const found = await lstat(path);
      if (found.isFile()) return 'file';
      return found.isDirectory() ? 'directory' : 'other';
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return 'absent';
      throw error;
    }
  });
}

/**
 * Open a regular file for reading; the caller closes it.
 * @returns undefined when there is none
 * @throws {OutboardError} invalid for anything else; system
 */
export async function openPlainFile(path: string): Promise<FileHandle | undefined> {
  const kind = await entryKind(path);
  if (kind === 'absent') return undefined;
  if (kind !== 'file') throw notPlain(path);
  const file = await onStorage('open file', path, () =>
    open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  );
  // It may have been replaced since it was looked up.
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw notPlain(path);
}

/**
 * Read a small regular file whole.
 * @returns undefined when there is none
 * @throws {OutboardError} invalid when it is larger, or no regular file; system
 */
export async function readPlainFile(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const file = await openPlainFile(path);
  if (file === undefined) return undefined;
  try {
    // One byte more than permitted tells a file that is too large, whatever size it shows.
    const room = Buffer.alloc(maxBytes + 1);
    const { bytesRead } = await onStorage('read file', path, () => file.read(room, 0, room.length, 0));
    if (bytesRead <= maxBytes) return room.subarray(0, bytesRead);
    throw new OutboardError('invalid', `${JSON.stringify(path)} has more than ${maxBytes} bytes`);
  } finally {
    await file.close();
  }
}

function notPlain(path: string): OutboardError {
  return new OutboardError('invalid', `${JSON.stringify(path)} is not a regular file`);
}
