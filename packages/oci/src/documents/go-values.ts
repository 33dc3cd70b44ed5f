/**
 * Values of parsed documents by Go's rules: absent and null are the zero value, and another type is a mismatch.
 */
import { DocumentMismatch } from './codec.ts';
import { isJsonObject, type JsonValue } from './json-document.ts';

/** Standard base64 with padding. */
export const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The entries of an object of texts; null is the empty text. */
export function decodeTexts(document: unknown): readonly (readonly [string, string])[] {
  return Object.entries(objectOf(document)).map(([key, value]) => {
    if (value === null) return [key, ''];
    if (typeof value === 'string') return [key, value];
    // The error does not repeat the key: keys are free text of any length.
    throw new DocumentMismatch('an object of strings', value);
  });
}

/** A text; absent and null are null. */
export function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  throw new DocumentMismatch('a string or null', value);
}

/** An object; absent and null are an empty one. */
export function objectOf(document: unknown): Readonly<Record<string, unknown>> {
  if (document === undefined || document === null) return {};
  if (isJsonObject(document)) return document;
  throw new DocumentMismatch('an object or null', document);
}

/** True for values that `omitempty` of Go leaves out. */
export function isEmpty(value: JsonValue): boolean {
  return (
    value === '' ||
    value === 0 ||
    value === false ||
    value === null ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  );
}
