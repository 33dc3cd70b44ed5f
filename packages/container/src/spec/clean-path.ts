/**
 * Paths inside a container, compared as text. Links are resolved where a path is opened, not here.
 */

/**
 * Remove repeated and trailing slashes.
 * @returns undefined when the path is relative or has a `.` or `..` component, which may lead elsewhere
 */
export function cleanAbsolutePath(path: string): string | undefined {
  if (!path.startsWith('/')) return undefined;
  const components = path.split('/').filter((component) => component !== '');
  if (components.some((component) => component === '.' || component === '..')) return undefined;
  return `/${components.join('/')}`;
}

/** True when a clean path is the parent itself or below it. */
export function isAtOrBelow(path: string, parent: string): boolean {
  return parent === '/' || path === parent || path.startsWith(`${parent}/`);
}

/** True when a clean path is below the parent. */
export function isBelow(path: string, parent: string): boolean {
  return path !== parent && isAtOrBelow(path, parent);
}

/** Replace `/var/run` by `/run`, which it links to on every current Linux distribution. */
export function withoutVarRun(path: string): string {
  return isAtOrBelow(path, '/var/run') ? path.slice('/var'.length) : path;
}
