/**
 * The headers of a request or reply for authorization plugins: with the canonical names of Go, the last value of each, and
 * without credentials.
 * @see moby pkg/authorization/authz.go, headers()
 */

/** Credentials, and `Host`, which is not among the headers of a request in Go. */
const hidden: ReadonlySet<string> = new Set([
  'authorization',
  'x-registry-auth',
  'x-registry-config',
  'host',
]);

/** Select and rename the headers. */
export function visibleHeaders(
  headers: Iterable<readonly [name: string, value: string]>,
): Record<string, string> {
  const visible = new Map<string, string>();
  for (const [name, value] of headers) {
    if (!hidden.has(name.toLowerCase())) visible.set(canonicalName(name), value);
  }
  // Own properties, also for a header named `__proto__`.
  return Object.fromEntries(visible);
}

/** `user-agent` -> `User-Agent` */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
