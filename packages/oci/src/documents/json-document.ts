/**
 * JSON documents as values, before a codec or schema has read them.
 */

import { escapeHidden } from '../errors/hidden-characters.ts';

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object. Read own properties only: the names come from outside. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** True for a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A short form of a value for messages: one line, cut after 80 characters, with invisible characters escaped. */
export function showValue(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return escapeHidden(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
