/**
 * The entries of a tree in the order of an archive: parents first, names sorted by their bytes.
 */
import type { DirectoryNode, TreeNode } from './tree-node.ts';

/** An entry with its path, which has no leading slash; the root's is empty. */
export interface WalkedEntry {
  /** A byte string, decoded as latin1. */
  readonly path: string;
  readonly node: TreeNode;
  /** First path of a hard-linked file; undefined for that one itself and for every other entry. */
  readonly linkTo?: string | undefined;
}

/** Walk a tree, the root included. */
export function* walkTree(root: DirectoryNode): Generator<WalkedEntry> {
  const first = new Map<TreeNode, string>();
  yield* walk('', root);

  function* walk(path: string, node: TreeNode): Generator<WalkedEntry> {
    yield { path, node, linkTo: first.get(node) };
    if (node.type !== 'directory') {
      if (!first.has(node)) first.set(node, path);
      return;
    }
    // Sorted by code units, which are the bytes.
    for (const name of [...node.children.keys()].sort()) {
      const child = node.children.get(name);
      if (child !== undefined) yield* walk(path === '' ? name : `${path}/${name}`, child);
    }
  }
}
