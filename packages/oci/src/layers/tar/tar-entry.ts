/**
 * What the tar reader tells of an archive. Names are byte strings: Linux names need not be UTF-8.
 */

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
  /** The name as written in the archive; not cleaned. No NUL inside. */
  readonly name: Buffer;
  /** Target of a hard link or symlink; empty for other types. */
  readonly linkName: Buffer;
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content that follow; 0 for everything but files. */
  readonly size: number;
  /** Modification time in seconds since the epoch, with fraction. */
  readonly modifiedAt: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Extended attributes (`SCHILY.xattr.*`, `LIBARCHIVE.xattr.*`), by name. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** Takes what the reader finds, in archive order. Calls are synchronous and never overlap. */
export interface TarHandler {
  onEntry(entry: TarEntry): void;
  /** Content of the current entry; the buffer is only valid during the call. */
  onContent(chunk: Buffer): void;
  onEntryEnd(): void;
}

/** A push parser: feed it an archive in chunks of any size. */
export interface TarReader {
  /** @throws {OutboardError} invalid on a malformed archive, or on one beyond a limit */
  write(chunk: Buffer): void;
  /** Tell that the archive ended. @throws {OutboardError} invalid when it ended inside an entry */
  end(): void;
}
