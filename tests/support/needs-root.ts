/**
 * Reason for skipping a test, for `{ skip: needsRoot }`.
 */

/** False if the tests run as root. */
export const needsRoot: string | false =
  process.getuid?.() === 0 ? false : 'needs root, for mounts, owners and namespaces';
