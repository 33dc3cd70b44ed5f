/**
 * A root filesystem in memory: sources are merged here, and it is written once. Links are followed inside it only, so no
 * name of an archive reaches the host, and owners are kept without root.
 */
import { OutboardError } from '@outboard/oci';
import type { DirectoryNode, NodeFacts, TreeNode } from './tree-node.ts';

/** Bounds of a tree: those of the engine that will unpack it. */
const maxEntries = 1_000_000;
/** As the kernel's limit on links in one path. */
const maxLinks = 40;

const directoryFacts: NodeFacts = { mode: 0o755, uid: 0, gid: 0, modifiedAt: 0 };

/** A path in the tree as text of UTF-8; absolute and relative ones mean the same. */
export function pathOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** A root filesystem. Paths are byte strings, decoded as latin1; `pathOf()` makes them of text. */
export class RootTree {
  readonly root: DirectoryNode = emptyDirectory();
  #entries = 0;

  /** Find an entry; links are followed, the last one too. @returns undefined when the path names nothing */
  find(path: string): TreeNode | undefined {
    return this.#walk(path, { make: false, links: 0 });
  }

  /**
   * Add an entry, or replace the one of its name; missing parents are made. A directory is merged into one that exists.
   * @throws {OutboardError} invalid when a parent is no directory, or the tree grows beyond its bounds
   */
  put(path: string, node: TreeNode): void {
    const { parent, name } = this.#place(path);
    if (name === '') {
      if (node.type !== 'directory') throw refuse(path, 'it names the root directory');
      this.root.facts = node.facts;
      return;
    }
    const present = parent.children.get(name);
    if (node.type === 'directory' && present?.type === 'directory') {
      present.facts = node.facts;
      return;
    }
    this.#count(path);
    parent.children.set(name, node);
  }

  /** Make a directory and its parents, unless they exist. @throws {OutboardError} as `put` */
  makeDirectory(path: string): DirectoryNode {
    const node = this.#walk(path, { make: true, links: 0 });
    if (node?.type !== 'directory') throw refuse(path, 'it is not a directory');
    return node;
  }

  /** Remove an entry and what it holds; a missing one is no error. */
  remove(path: string): void {
    const { directory, name } = split(path);
    const parent = this.find(directory);
    if (parent?.type === 'directory') parent.children.delete(name);
  }

  /** The directory that holds, or will hold, the path's last component. */
  #place(path: string): { readonly parent: DirectoryNode; readonly name: string } {
    const { directory, name } = split(path);
    return { parent: this.makeDirectory(directory), name };
  }

  #walk(
    path: string,
    options: { readonly make: boolean; readonly links: number; readonly from?: readonly DirectoryNode[] },
  ): TreeNode | undefined {
    const parents: DirectoryNode[] = [...(options.from ?? [])];
    let at: DirectoryNode = parents.pop() ?? this.root;
    const components = componentsOf(path);
    for (const [index, component] of components.entries()) {
      if (component === '..') {
        at = parents.pop() ?? this.root;
        continue;
      }
      let child = at.children.get(component);
      if (child === undefined && options.make) {
        this.#count(path);
        child = emptyDirectory();
        at.children.set(component, child);
      }
      if (child?.type === 'symlink') {
        if (options.links >= maxLinks) throw refuse(path, 'it has too many links');
        const target = child.target.toString('latin1');
        const rest = [target, ...components.slice(index + 1)].join('/');
        const from = target.startsWith('/') ? [] : [...parents, at];
        return this.#walk(rest, { ...options, links: options.links + 1, from });
      }
      if (index === components.length - 1) return child;
      if (child?.type !== 'directory') {
        if (child === undefined || !options.make) return undefined;
        throw refuse(path, 'a part of it is not a directory');
      }
      parents.push(at);
      at = child;
    }
    return at;
  }

  #count(path: string): void {
    this.#entries += 1;
    if (this.#entries > maxEntries) throw refuse(path, `the tree has more than ${maxEntries} entries`);
  }
}

/** A directory of root with mode 0755 and nothing in it. */
function emptyDirectory(facts: NodeFacts = directoryFacts): DirectoryNode {
  return { type: 'directory', facts, children: new Map() };
}

function componentsOf(path: string): readonly string[] {
  return path.split('/').filter((component) => component !== '' && component !== '.');
}

function split(path: string): { readonly directory: string; readonly name: string } {
  const components = componentsOf(path);
  const name = components.at(-1) ?? '';
  if (name === '..') throw refuse(path, 'it ends with ".."');
  return { directory: components.slice(0, -1).join('/'), name };
}

function refuse(path: string, reason: string): OutboardError {
  const shown = JSON.stringify(Buffer.from(path, 'latin1').toString('utf8').slice(0, 300));
  return new OutboardError('invalid', `cannot place ${shown} in the root filesystem: ${reason}`);
}
