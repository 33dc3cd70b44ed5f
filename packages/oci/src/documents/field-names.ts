/**
 * Field names as Go's JSON decoder compares them: without regard to case, the Kelvin sign and the
 * long s included. Every engine in the field reads documents so; what they would read as one field
 * is one field here.
 */
import { OutboardError } from '../errors.ts';

/**
 * A field name with case folded: two names with the same fold are the same field to a Go decoder.
 * @see Go encoding/json, fold.go (`foldName`)
 */
export function foldFieldName(name: string): string {
  // Upper case first: it takes U+017F to S, lower case takes U+212A to k.
  return name.toUpperCase().toLowerCase();
}

/**
 * Give an object's fields the spelling of `names`, whatever case they were written in; other fields
 * are left out. Anything but an object is returned as it is, for the schema that follows to refuse.
 * @returns a prototype-free object
 * @throws {OutboardError} invalid when two fields have the same name but for case
 */
export function withFieldNames(value: unknown, names: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const spellings = new Map(names.map((name) => [foldFieldName(name), name]));
  const renamed: Record<string, unknown> = Object.create(null);
  for (const [written, field] of Object.entries(value)) {
    const name = spellings.get(foldFieldName(written));
    if (name === undefined) continue;
    if (name in renamed) {
      throw new OutboardError(
        'invalid',
        `ambiguous field ${JSON.stringify(name)}: it is written twice in different case`,
      );
    }
    renamed[name] = field;
  }
  return renamed;
}
