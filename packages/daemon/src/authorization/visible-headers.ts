/**
 * The headers of a request or an answer as authorization plugins see them: named as Go names them, the last value of
 * each, and without those that carry credentials.
 * @see moby pkg/authorization/authz.go, headers()
 */

/** `Host` is none of the headers for Go's server. */
const hidden: ReadonlySet<string> = new Set([
  'authorization',
  'x-registry-auth',
  'x-registry-config',
  'host',
]);

/** Pick and name what plugins may see. */
export function visibleHeaders(
  headers: Iterable<readonly [name: string, value: string]>,
): Record<string, string> {
  const visible = new Map<string, string>();
  for (const [name, value] of headers) {
    if (!hidden.has(name.toLowerCase())) visible.set(canonicalName(name), value);
  }
  // Own properties all, whatever the names are.
  return Object.fromEntries(visible);
}

/** `user-agent` -> `User-Agent` */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
