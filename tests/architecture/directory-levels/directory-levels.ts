/**
 * The shape of the lists in this directory: the directories of one package in levels, bottom first. Each package has
 * a list of its own.
 */

/** Directories of one package in levels. */
export interface DirectoryLevels {
  /** The source directory, relative to the repository. */
  readonly source: string;
  /**
   * Directories below `source`, each in one level, the bottom first. A directory imports from itself and from lower
   * levels only. A directory inside another one is a directory of its own here. The files directly in `source` are
   * not listed: those that import from no directory are the base, below all levels; all others (index.ts and the
   * wiring) are the top, above all levels.
   */
  readonly levels: readonly (readonly string[])[];
}
