/**
 * Reading JSON documents whose shape is not known: daemons of several kinds, Docker's files, credential helpers.
 */

/** One field of a JSON object; undefined if there is no such object or field. */
export function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  // It is an object with that key of its own, as was just seen.
  return (value as Record<string, unknown>)[key];
}

/** A string, or the empty one. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A finite number, or undefined. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
