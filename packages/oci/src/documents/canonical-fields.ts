/**
 * Rewrites a document with the field names of its codec, however they were spelled. One spelling per field: a document
 * that could be read in two ways is refused, because another engine would see other privileges in it.
 */
import { OutboardError } from '../errors/outboard-error.ts';
import type { Codec, Field } from './codec.ts';
import { editDistance } from './edit-distance.ts';
import { foldFieldName } from './field-names.ts';
import { isJsonObject, type JsonObject, type JsonValue, showValue } from './json-document.ts';

const maxWarnings = 32;

/**
 * Called for an unknown key.
 * @param meant the known field that differs from it by a likely typing error
 * @param key as written, without its parents
 */
export type WarnOfKey = (warning: string, meant: string | undefined, key: string) => void;

/**
 * Rewrite a document with every known field in the codec's spelling and order; unknown keys follow, as they are.
 * Objects of the result have no prototype, so that no name from outside can reach one.
 *
 * @param subject name of the document, for messages
 * @param warn called for unknown keys, at most 32 times
 * @throws {OutboardError} invalid when two keys mean the same field, or a key only looks like one
 */
export function canonicalizeFields(
  document: JsonValue,
  codec: Codec<unknown>,
  subject: string,
  warn: WarnOfKey = () => {},
): JsonValue {
  let warnings = 0;
  const unknown: Reading['unknown'] = (at, key, fields) => {
    warnings += 1;
    if (warnings > maxWarnings) return;
    const meant = closestName(key, fields);
    const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
    warn(`unknown key ${showValue(at)} is kept but has no effect${hint}`, meant, key);
  };
  return rewrite(document, codec, '', { subject, unknown });
}

/** Rows of an object by folded name, in the order of the table. */
type FieldsByName = ReadonlyMap<string, Field<unknown>>;

interface Reading {
  readonly subject: string;
  readonly unknown: (at: string, key: string, fields: FieldsByName) => void;
}

function rewrite(value: JsonValue, { shape }: Codec<unknown>, path: string, reading: Reading): JsonValue {
  if (shape.kind === 'list' && Array.isArray(value)) {
    return value.map((item, index) => rewrite(item, shape.item, `${path}[${index}]`, reading));
  }
  if (shape.kind !== 'object' || !isJsonObject(value)) return value;
  return rewriteObject(value, shape.byName, path, reading);
}

function rewriteObject(value: JsonObject, fields: FieldsByName, path: string, reading: Reading): JsonObject {
  const known = new Map<string, JsonValue>();
  const unknown: [string, JsonValue][] = [];
  for (const [key, item] of Object.entries(value)) {
    const field = fields.get(foldFieldName(key));
    const at = path === '' ? (field?.name ?? key) : `${path}.${field?.name ?? key}`;
    if (field === undefined) {
      unknown.push([key, item]);
      reading.unknown(at, key, fields);
      continue;
    }
    const { name, codec } = field;
    // Go's decoder takes the long s (U+017F) for an s and the Kelvin sign (U+212A) for a k.
    if (!isAscii(key)) {
      throw ambiguous(reading.subject, `key ${showValue(key)} only looks like ${JSON.stringify(name)}`);
    }
    if (known.has(name)) {
      throw ambiguous(reading.subject, `field ${showValue(at)} is given twice, in different letter case`);
    }
    known.set(name, rewrite(item, codec, at, reading));
  }
  const rewritten: Record<string, JsonValue> = Object.create(null);
  for (const { name } of fields.values()) {
    const item = known.get(name);
    if (item !== undefined) rewritten[name] = item;
  }
  for (const [key, item] of unknown) rewritten[key] = item;
  return rewritten;
}

/**
 * Add the keys of one document that its codec does not know to another document of the same codec, after its own keys.
 * @param typed as the codec encoded it
 * @param authored as `canonicalizeFields` returned it
 */
export function withUnknownKeys(
  typed: JsonValue,
  authored: JsonValue | undefined,
  { shape }: Codec<unknown>,
): JsonValue {
  if (shape.kind === 'list' && Array.isArray(typed) && Array.isArray(authored)) {
    return typed.map((item, index) => withUnknownKeys(item, authored[index], shape.item));
  }
  if (shape.kind !== 'object' || !isJsonObject(typed) || !isJsonObject(authored)) return typed;
  const fieldOf = (key: string) => {
    const field = shape.byName.get(foldFieldName(key));
    return field?.name === key ? field : undefined;
  };
  const known = Object.entries(typed).map(([key, value]): [string, JsonValue] => {
    const field = fieldOf(key);
    return [key, field === undefined ? value : withUnknownKeys(value, authored[key], field.codec)];
  });
  const unknown = Object.entries(authored).filter(([key]) => fieldOf(key) === undefined);
  return objectWithoutPrototype([...known, ...unknown]);
}

/** The field that differs from a key by at most two letters, and by less than a third of them. */
function closestName(key: string, fields: FieldsByName): string | undefined {
  const folded = foldFieldName(key).replace(/[-_ ]/g, '');
  const near = [...fields].map(([folding, { name }]) => ({
    name,
    distance: editDistance(folded, folding, 3),
  }));
  const best = near.sort((left, right) => left.distance - right.distance)[0];
  return best !== undefined && best.distance <= Math.min(2, (folded.length - 1) / 3) ? best.name : undefined;
}

/** Make an object that inherits nothing, so that `__proto__` is an ordinary key in it. */
function objectWithoutPrototype(entries: Iterable<readonly [string, JsonValue]>): JsonObject {
  const object: Record<string, JsonValue> = Object.create(null);
  for (const [key, value] of entries) object[key] = value;
  return object;
}

function ambiguous(subject: string, what: string): OutboardError {
  return new OutboardError('invalid', `${subject}: ambiguous: ${what}; spell each field once, in ASCII`);
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}
