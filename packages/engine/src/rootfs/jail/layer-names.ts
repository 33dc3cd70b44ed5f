/**
 * Which names the current layer wrote, so that its whiteouts remove only what lower layers left.
 */
import { statSync } from 'node:fs';
import { baseOf, type JailPath, parentOf, withoutNul } from './jail-path.ts';

/**
 * A name is its directory's inode and its last component: the path would differ by the links on the way, and an
 * inode may have names from two layers.
 */
export class LayerNames {
  readonly #names = new Set<string>();

  /** Note that this layer wrote a path. */
  add(path: JailPath): void {
    const parent = statSync(withoutNul(parentOf(path)));
    this.#names.add(nameKey(parent.ino, baseOf(path)));
  }

  has(parentInode: number, name: Buffer): boolean {
    return this.#names.has(nameKey(parentInode, name));
  }
}

function nameKey(parentInode: number, name: Buffer): string {
  return `${parentInode}/${name.toString('latin1')}`;
}
