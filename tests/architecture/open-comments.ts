/**
 * Number of comments in each directory that break a rule on comments. A number may only fall; a row at 0 is deleted.
 */

/** Exported symbols without a doc comment. */
export const undocumented: Readonly<Record<string, number>> = {};

/** Comments that begin with a fragment, or use the other word for a directory. */
export const unclear: Readonly<Record<string, number>> = {};
