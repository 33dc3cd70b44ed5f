/**
 * Paths inside a plugin's root filesystem, compared as text. Links in the root filesystem are the business of whoever
 * opens a path there; here only the words are judged.
 */

/**
 * The path without doubled and trailing slashes.
 * @returns undefined when the path is relative or has a `.` or `..` component: such a path may mean another place
 */
export function cleanAbsolutePath(path: string): string | undefined {
  if (!path.startsWith('/')) return undefined;
  const components = path.split('/').filter((component) => component !== '');
  if (components.some((component) => component === '.' || component === '..')) return undefined;
  return `/${components.join('/')}`;
}

/** Whether a clean path is the parent itself or lies below it. */
export function isAtOrBelow(path: string, parent: string): boolean {
  return parent === '/' || path === parent || path.startsWith(`${parent}/`);
}

/** Whether a clean path lies below the parent. */
export function isBelow(path: string, parent: string): boolean {
  return path !== parent && isAtOrBelow(path, parent);
}

/** The path with `/var/run` written as `/run`, which it is on every Linux distribution of today. */
export function withoutVarRun(path: string): string {
  return isAtOrBelow(path, '/var/run') ? path.slice('/var'.length) : path;
}
