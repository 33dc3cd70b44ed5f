/**
 * Why a test is skipped, for `{ skip: needsRoot }`.
 */

/** False when the tests run as root. */
export const needsRoot: string | false =
  process.getuid?.() === 0 ? false : 'needs root, for mounts, owners and namespaces';
