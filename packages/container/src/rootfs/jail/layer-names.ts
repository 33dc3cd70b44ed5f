/**
 * Names that the current layer wrote, so that its whiteouts remove only entries of lower layers, and directories in
 * which no entry of those is left, so that the cost of whiteouts depends on what they remove, not on their number.
 */
import { statSync } from 'node:fs';
import { baseOf, type JailPath, parentOf, withoutNul } from './jail-path.ts';
import type { RemovalRules } from './remove-contents.ts';

/**
 * Names as inode of the directory and last component: paths would differ by links, and an inode may have names from
 * two layers.
 */
export class LayerNames implements RemovalRules {
  readonly #names = new Set<string>();
  /**
   * Inodes of emptied directories. An inode may be reused for a directory of this layer, in which nothing of lower
   * layers is left either.
   */
  readonly #emptied = new Set<number>();

  /** Record that this layer wrote a path. */
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
