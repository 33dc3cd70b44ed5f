/**
 * Archives a tree as tar: what the daemon takes, and layers.
 */
import { createTarWriter, type TarEntry, type TarWriter } from '@outboard/oci';
import { readContent } from './read-content.ts';
import type { DirectoryNode, TreeNode } from './tree-node.ts';
import { type WalkedEntry, walkTree } from './walk-tree.ts';

/** Choices for an archive. */
export interface ArchiveOptions {
  /** Directory in the archive that holds the tree; default none, as in a layer. */
  readonly prefix?: string | undefined;
  /** A file before the tree, such as a plugin's config. */
  readonly first?: { readonly name: string; readonly bytes: Buffer } | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Pieces are collected up to this size: receivers have a cost for each chunk. */
const chunkBytes = 512 * 1024;
const nothing = Buffer.alloc(0);
const noXattrs: TarEntry['xattrs'] = new Map();

/** The archive, in the order of `walkTree`. The same tree gives the same bytes. */
export async function* archiveTree(
  root: DirectoryNode,
  { prefix = '', first, signal }: ArchiveOptions = {},
): AsyncGenerator<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  const writer = createTarWriter((piece) => {
    pieces.push(piece);
    size += piece.length;
  });
  const take = () => {
    size = 0;
    return Buffer.concat(pieces.splice(0));
  };
  if (first !== undefined) writeFirst(writer, first);
  for (const walked of walkTree(root)) {
    signal?.throwIfAborted();
    const entry = entryOf(walked, prefix);
    writer.onEntry(entry);
    if (walked.node.type === 'file' && entry.type === 'file') {
      for await (const chunk of readContent(walked.node.content)) {
        writer.onContent(chunk);
        if (size >= chunkBytes) yield take();
      }
    }
    writer.onEntryEnd();
    if (size >= chunkBytes) yield take();
  }
  writer.end();
  yield take();
}

function writeFirst(writer: TarWriter, { name, bytes }: { readonly name: string; readonly bytes: Buffer }) {
  writer.onEntry({
    ...factsOf({ mode: 0o644, uid: 0, gid: 0, modifiedAt: 0 }),
    type: 'file',
    name: Buffer.from(name),
    size: bytes.length,
  });
  writer.onContent(bytes);
  writer.onEntryEnd();
}

function entryOf({ path, node, linkTo }: WalkedEntry, prefix: string): TarEntry {
  const nameOf = (inner: string) => {
    const name = [prefix, inner].filter((part) => part !== '').join('/');
    return name === '' ? Buffer.from('./') : Buffer.from(name, 'latin1');
  };
  const common = { ...factsOf(node.facts), name: nameOf(path) };
  if (linkTo !== undefined) return { ...common, type: 'hard-link', linkName: nameOf(linkTo) };
  switch (node.type) {
    case 'file': {
      const { content } = node;
      const size = 'bytes' in content ? content.bytes.length : content.size;
      return { ...common, type: 'file', size };
    }
    case 'symlink':
      return { ...common, type: 'symlink', linkName: node.target };
    case 'directory':
      return { ...common, type: 'directory' };
    default: {
      const { type, deviceMajor, deviceMinor } = node;
      return { ...common, type, deviceMajor, deviceMinor };
    }
  }
}

function factsOf({ mode, uid, gid, modifiedAt, xattrs = noXattrs }: TreeNode['facts']) {
  return {
    linkName: nothing,
    mode,
    uid,
    gid,
    size: 0,
    modifiedAt,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs,
  };
}
