/**
 * The contract of tar readers and writers. Names are byte strings: Linux names need not be UTF-8.
 */

/** Type of an entry. */
export type TarEntryType =
  | 'file'
  | 'hard-link'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo';

/** One entry's header, after PAX and GNU extensions were applied. */
export interface TarEntry {
  readonly type: TarEntryType;
  /** The name as written in the archive, not cleaned; without NUL. */
  readonly name: Buffer;
  /** Target of a hard link or symlink; empty for other types. */
  readonly linkName: Buffer;
  /** Permission bits, setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Size of the content in bytes; 0 for all types but files. */
  readonly size: number;
  /** Modification time in seconds since the epoch, with fraction. */
  readonly modifiedAt: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Extended attributes (`SCHILY.xattr.*`, `LIBARCHIVE.xattr.*`), by name. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** Receives the entries in archive order. Calls are synchronous and never overlap. */
export interface TarHandler {
  onEntry(entry: TarEntry): void;
  /** A chunk of the current entry's content; the buffer is valid only during the call. */
  onContent(chunk: Buffer): void;
  onEntryEnd(): void;
}

/** A push parser for chunks of any size. */
export interface TarReader {
  /** Parse the next chunk. @throws {OutboardError} invalid for a malformed archive, or one beyond a limit */
  write(chunk: Buffer): void;
  /** End the archive. @throws {OutboardError} invalid when it ended inside an entry */
  end(): void;
}
