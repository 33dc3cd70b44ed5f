/**
 * The served versions of the Docker Engine API, and the check of the version of a request.
 */
import { HttpError } from './errors.ts';
import type { Route } from './route-table.ts';

/** Highest served version. Version 1.52 changes the events stream; every Docker CLI up to 29.7 speaks this one. */
export const maximumApiVersion = '1.51';
/** Lowest served version, the first one with these plugin routes. */
export const minimumApiVersion = '1.25';

/**
 * Check the version in the path of a request.
 * @throws {HttpError} 400 with Docker's text if it is out of range
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
 * Check that a route exists in the version of a request; it does in a request without version.
 * @throws {HttpError} 400 with Docker's text, and the route's path as Docker writes it
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

/**
 * Compare two dotted versions number by number; as in Docker, a missing number is 0.
 * @returns negative, zero or positive, as for `sort`
 */
export function compareVersions(left: string, right: string): number {
  const a = left.split('.');
  const b = right.split('.');
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = Number(a[i] ?? 0) - Number(b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
