/**
 * Reads requests by the rules of Go's decoder: field names match in any letter case; `null` and a missing field are the
 * zero value.
 * @see Go encoding/json, Unmarshal
 */
import { PluginError } from '../plugin-error.ts';
import { foldName } from './letter-case.ts';

/** A decoded request: fields by folded name. A `Map`, because names are untrusted. */
export type Message = ReadonlyMap<string, unknown>;

/**
 * Decode a request body. An empty body, `{}` and `null` are the empty message.
 *
 * @throws {PluginError} 400 if the body is not JSON or not an object
 */
export function decodeMessage(body: Uint8Array): Message {
  const text = new TextDecoder().decode(body).trim();
  if (text === '') return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PluginError('cannot read the request: the body is not JSON', { status: 400, cause });
  }
  if (value === null) return new Map();
  const fields = objectOf(value);
  if (fields === undefined) throw malformed('the body is not a JSON object');
  return fieldsOf(fields);
}

/**
 * A string field; empty when missing or null.
 *
 * @throws {PluginError} 400 if it is not a string
 */
export function textField(message: Message, name: string): string {
  const value = fieldOf(message, name) ?? '';
  if (typeof value !== 'string') throw malformed(`field "${name}" is not a string`);
  return value;
}

/**
 * A required string field. Engines may retry a call with an empty body, so a missing field is an error.
 *
 * @throws {PluginError} 400 if it is missing, empty or not a string
 */
export function requiredTextField(message: Message, name: string): string {
  const value = textField(message, name);
  if (value === '') throw malformed(`field "${name}" is missing`);
  return value;
}

/**
 * A boolean field; false when missing or null.
 *
 * @throws {PluginError} 400 if it is not a boolean
 */
export function flagField(message: Message, name: string): boolean {
  const value = fieldOf(message, name) ?? false;
  if (typeof value !== 'boolean') throw malformed(`field "${name}" is not a boolean`);
  return value;
}

/**
 * A whole number; 0 when missing or null.
 *
 * @throws {PluginError} 400 if it is not a whole number
 */
export function integerField(message: Message, name: string): number {
  const value = fieldOf(message, name) ?? 0;
  if (!Number.isSafeInteger(value)) throw malformed(`field "${name}" is not a whole number`);
  // Checked by isSafeInteger().
  return value as number;
}

/**
 * An object with fields of its own; the empty message when missing or null.
 *
 * @throws {PluginError} 400 if it is not an object
 */
export function messageField(message: Message, name: string): Message {
  return fieldsOf(jsonObjectField(message, name));
}

/**
 * A list of objects with fields; empty when missing or null.
 *
 * @throws {PluginError} 400 if it is another value
 */
export function messageListField(message: Message, name: string): readonly Message[] {
  return listField(message, name).map((item) => {
    const fields = objectOf(item);
    if (fields === undefined) throw malformed(`field "${name}" holds a value that is not an object`);
    return fieldsOf(fields);
  });
}

/**
 * A list of strings; empty when missing or null.
 *
 * @throws {PluginError} 400 if it is another value
 */
export function textListField(message: Message, name: string): readonly string[] {
  return listField(message, name).map((item) => {
    if (typeof item !== 'string') throw malformed(`field "${name}" holds a value that is not a string`);
    return item;
  });
}

/**
 * An object of any JSON values, whose keys keep their letter case; empty when missing or null. Its keys are untrusted: ask
 * for own properties only.
 *
 * @throws {PluginError} 400 if it is not an object
 */
export function jsonObjectField(message: Message, name: string): Readonly<Record<string, unknown>> {
  const fields = objectOf(fieldOf(message, name) ?? {});
  if (fields === undefined) throw malformed(`field "${name}" is not an object`);
  return fields;
}

/**
 * An object of strings; empty when missing or null. Values of other JSON types are converted to their JSON text, because
 * the Dory FlexVolume driver sends them.
 *
 * @throws {PluginError} 400 if it is not an object
 */
export function textMapField(message: Message, name: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(jsonObjectField(message, name)).map(([key, field]) => [key, textOf(field)]));
}

/** A value of JSON as an object; undefined for any other one. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // An object of JSON: own fields of unknown values.
  return value as Readonly<Record<string, unknown>>;
}

/** The error of a request that cannot be read. @param problem names the field, not its value, which can be secret */
export function malformed(problem: string): PluginError {
  return new PluginError(`cannot read the request: ${problem}`, { status: 400 });
}

function fieldOf(message: Message, name: string): unknown {
  return message.get(foldName(name));
}

function listField(message: Message, name: string): readonly unknown[] {
  const value = fieldOf(message, name) ?? [];
  if (!Array.isArray(value)) throw malformed(`field "${name}" is not a list`);
  return value;
}

/** The fields of an object of JSON, by folded name. */
export function fieldsOf(fields: Readonly<Record<string, unknown>>): Message {
  return new Map(Object.entries(fields).map(([key, field]) => [foldName(key), field]));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}
