/**
 * The versions of the Docker Engine API that are served, and the check of the one a client asked for.
 */
import { HttpError } from './errors.ts';
import type { Route } from './route-table.ts';

/** The highest version: 1.52 would change the events stream, and every Docker CLI up to 29.7 speaks this one. */
export const maximumApiVersion = '1.51';
/** The first version that has the plugin routes as they are served here. */
export const minimumApiVersion = '1.25';

/**
 * Check the version of a request's path.
 * @throws {HttpError} 400 in Docker's words when it is out of range
 */
export function checkApiVersion(version: string): void {
  if (compareVersions(version, maximumApiVersion) > 0) {
    throw new HttpError(
      400,
      `client version ${version} is too new. Maximum supported API version is ${maximumApiVersion}`,
    );
  }
  if (compareVersions(version, minimumApiVersion) < 0) {
    throw new HttpError(
      400,
      `client version ${version} is too old. Minimum supported API version is ${minimumApiVersion}, ` +
        'please upgrade your client to a newer version',
    );
  }
}

/**
 * Check that a route is there in the version of a request. Without a version it always is.
 * @throws {HttpError} 400 in Docker's words, with the route's path as Docker writes it
 */
export function checkRouteVersion(
  { method, path, minimumVersion }: Pick<Route, 'method' | 'path' | 'minimumVersion'>,
  version: string | undefined,
): void {
  if (minimumVersion === undefined || version === undefined) return;
  if (compareVersions(version, minimumVersion) >= 0) return;
  const pattern = path.replace('{name}', '{name:.*}');
  throw new HttpError(400, `${method} ${pattern} requires minimum API version ${minimumVersion}`);
}

/** Compare two dotted versions number by number; a missing number counts as 0, as in Docker. */
export function compareVersions(left: string, right: string): number {
  const a = left.split('.');
  const b = right.split('.');
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = Number(a[i] ?? 0) - Number(b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
