/**
 * Entries of a root filesystem in memory. A hard-linked file is one node under several names.
 */

/** Bytes of a file: in memory, or a part of a file of the host that must not change until the tree was written. */
export type FileContent =
  | { readonly bytes: Buffer }
  | {
      readonly file: string | Buffer;
      readonly start: number;
      readonly size: number;
      /** Set if the file of the host holds other content as well. */
      readonly isShared?: boolean | undefined;
    };

/** Metadata of every entry. */
export interface NodeFacts {
  /** Permission bits, setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch. */
  readonly modifiedAt: number;
  /** Extended attributes by name. */
  readonly xattrs?: ReadonlyMap<string, Buffer> | undefined;
}

/** A directory; its names are byte strings, decoded as latin1, so that any name of Linux is kept. */
export interface DirectoryNode {
  readonly type: 'directory';
  facts: NodeFacts;
  readonly children: Map<string, TreeNode>;
}

/** A regular file. */
export interface FileNode {
  readonly type: 'file';
  readonly facts: NodeFacts;
  readonly content: FileContent;
}

/** A symbolic link. */
export interface SymlinkNode {
  readonly type: 'symlink';
  readonly facts: NodeFacts;
  readonly target: Buffer;
}

/** A device or FIFO. */
export interface SpecialNode {
  readonly type: 'character-device' | 'block-device' | 'fifo';
  readonly facts: NodeFacts;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

/** Any entry. */
export type TreeNode = DirectoryNode | FileNode | SymlinkNode | SpecialNode;
