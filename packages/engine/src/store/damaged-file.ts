/**
 * Files whose content is also in memory, so that a damaged one can be written again.
 */

/** A file that no longer holds what is in memory. */
export interface DamagedFile {
  readonly path: string;
  /** Description of the damage. */
  readonly problem: string;
  /** Write it again from memory, unless that has changed meanwhile. @throws {OutboardError} system */
  rewrite(): Promise<void>;
}

/** Finds damaged files, and changes nothing. */
export interface StateFiles {
  /** @throws the error of the file system when one cannot be read */
  findDamaged(): Promise<readonly DamagedFile[]>;
}
