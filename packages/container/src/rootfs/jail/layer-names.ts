/**
 * Which names the current layer wrote, so that its whiteouts remove only what lower layers left; and where nothing of
 * those is left, so that whiteouts cost what they remove, however many there are.
 */
import { statSync } from 'node:fs';
import { baseOf, type JailPath, parentOf, withoutNul } from './jail-path.ts';
import type { RemovalRules } from './remove-contents.ts';

/**
 * A name is its directory's inode and its last component: the path would differ by the links on the way, and an
 * inode may have names from two layers.
 */
export class LayerNames implements RemovalRules {
  readonly #names = new Set<string>();
  /** Inodes of directories. One that is removed may come back as a directory of this layer, where nothing is left either. */
  readonly #emptied = new Set<number>();

  /** Note that this layer wrote a path. */
  add(path: JailPath): void {
    const parent = statSync(withoutNul(parentOf(path)));
    this.#names.add(nameKey(parent.ino, baseOf(path)));
  }

  has(parentInode: number, name: Buffer): boolean {
    return this.#names.has(nameKey(parentInode, name));
  }

  isEmptied(inode: number): boolean {
    return this.#emptied.has(inode);
  }

  markEmptied(inode: number): void {
    this.#emptied.add(inode);
  }
}

function nameKey(parentInode: number, name: Buffer): string {
  return `${parentInode}/${name.toString('latin1')}`;
}
