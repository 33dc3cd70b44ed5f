/**
 * Request documents whose absent fields are left out, as Go's `omitempty` does.
 */
import type { JsonObject, JsonValue } from '@outboard/oci';

/** The fields that are not undefined, in their order. */
export function presentFields(fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const present = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(present);
}
