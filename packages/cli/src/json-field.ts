/**
 * Reads fields of JSON documents of unknown shape, such as those of daemons and credential helpers.
 */

/** One field of a JSON object; undefined if there is no such object or field. */
export function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  // The check above proves that it is an object with this key.
  return (value as Record<string, unknown>)[key];
}

/** The value if it is a string, else ''. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The value if it is a finite number, else undefined. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
