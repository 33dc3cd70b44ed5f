/**
 * Applies a layer to a tree: entries replace those of lower layers, and whiteouts remove them.
 * @see OCI image-spec v1.1.1, layer.md, "Applying Changesets"
 */
import {
  cleanEntryName,
  createTarReader,
  decompress,
  OutboardError,
  type TarEntry,
  type TarHandler,
} from '@outboard/oci';
import { type RootTree, RootTree as Tree } from '../tree/root-tree.ts';
import type { DirectoryNode, TreeNode } from '../tree/tree-node.ts';
import type { Spool } from './spool.ts';

const whiteoutPrefix = '.wh.';
const opaqueName = '.wh..wh..opq';
/** Metadata at the root of layers that were made from AUFS, no part of the tree; hard links may refer to its files. */
const aufsPrefix = '.wh..wh.';

/**
 * Apply a layer, plain or compressed with gzip or zstd.
 * @throws {OutboardError} invalid for a malformed archive, or one beyond the bounds of trees
 */
export async function applyLayer(
  tree: RootTree,
  source: AsyncIterable<Uint8Array>,
  spool: Spool,
  signal?: AbortSignal | undefined,
): Promise<void> {
  const reader = createTarReader(layerHandler(tree, spool));
  const { content } = await decompress(source, { signal });
  for await (const chunk of content) reader.write(chunk);
  reader.end();
}

/** Read an archive into a tree of its own; names that begin with `.wh.` are whiteouts of nothing and are left out. */
export async function readArchive(
  source: AsyncIterable<Uint8Array>,
  spool: Spool,
  signal?: AbortSignal | undefined,
): Promise<RootTree> {
  const tree = new Tree();
  await applyLayer(tree, source, spool, signal);
  return tree;
}

function layerHandler(tree: RootTree, spool: Spool): TarHandler {
  /** Entries of this layer, which an opaque directory keeps. */
  const added = new Set<TreeNode>();
  const aufs = new Tree();
  let file: { readonly path: string; readonly entry: TarEntry } | undefined;

  function put(path: string, node: TreeNode): void {
    if (path.startsWith(aufsPrefix)) return void aufs.put(path, node);
    tree.put(path, node);
    added.add(node);
  }

  return {
    onEntry(entry) {
      const path = cleanEntryName(entry.name, entry.type === 'directory').toString('latin1');
      const name = path.slice(path.lastIndexOf('/') + 1);
      const parent = path.slice(0, Math.max(0, path.length - name.length - 1));
      file = undefined;
      if (name === opaqueName) return emptyBelow(tree, parent, added);
      if (name.startsWith(whiteoutPrefix) && !path.startsWith(aufsPrefix))
        return tree.remove(`${parent}/${name.slice(whiteoutPrefix.length)}`);
      if (entry.type === 'file') {
        file = { path, entry };
        spool.begin();
      } else {
        put(
          path,
          nodeOf((target) => aufs.find(target) ?? tree.find(target), path, entry),
        );
      }
    },
    onContent(chunk) {
      if (file !== undefined) spool.append(chunk);
    },
    onEntryEnd() {
      if (file === undefined) return;
      put(file.path, { type: 'file', facts: factsOf(file.entry), content: spool.finish() });
    },
  };
}

/** Remove what lower layers have in a directory. */
function emptyBelow(tree: RootTree, path: string, added: ReadonlySet<TreeNode>): void {
  const directory = tree.find(path);
  if (directory?.type !== 'directory') return;
  for (const [name, node] of directory.children) if (!holdsAny(node, added)) directory.children.delete(name);
}

function holdsAny(node: TreeNode, added: ReadonlySet<TreeNode>): boolean {
  return added.has(node) || (node.type === 'directory' && someChild(node, added));
}

function someChild({ children }: DirectoryNode, added: ReadonlySet<TreeNode>): boolean {
  return [...children.values()].some((child) => holdsAny(child, added));
}

function nodeOf(find: (path: string) => TreeNode | undefined, path: string, entry: TarEntry): TreeNode {
  const facts = factsOf(entry);
  switch (entry.type) {
    case 'directory':
      return { type: 'directory', facts, children: new Map() };
    case 'symlink':
      return { type: 'symlink', facts, target: entry.linkName };
    case 'hard-link': {
      const target = cleanEntryName(entry.linkName, false).toString('latin1');
      const node = find(target);
      if (node !== undefined && node.type !== 'directory') return node;
      throw new OutboardError('invalid', `"${path}" is a hard link to "${target}", which the layers lack`);
    }
    case 'character-device':
    case 'block-device':
    case 'fifo':
      return {
        type: entry.type,
        facts,
        deviceMajor: entry.deviceMajor,
        deviceMinor: entry.deviceMinor,
      };
    case 'file':
      throw new OutboardError('system', 'files are made when their content ends');
  }
}

function factsOf({ mode, uid, gid, modifiedAt, xattrs }: TarEntry) {
  // Other attributes have no effect in a plugin, and create does not keep them.
  const kept = [...xattrs].filter(([name]) => name === 'security.capability');
  return { mode, uid, gid, modifiedAt, ...(kept.length > 0 && { xattrs: new Map(kept) }) };
}
