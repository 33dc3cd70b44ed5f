/**
 * Reads requests by the rules of Go's decoder: field names match in any letter case; `null` and a missing field are the
 * zero value.
 * @see Go encoding/json, Unmarshal
 */
import { PluginError } from '../plugin-error.ts';

/** A decoded request: fields by lower-case name. A `Map`, because names are untrusted. */
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
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new PluginError('cannot read the request: the body is not a JSON object', { status: 400 });
  }
  return new Map(Object.entries(value).map(([key, field]) => [key.toLowerCase(), field]));
}

/**
 * A string field; empty when missing or null.
 *
 * @throws {PluginError} 400 if it is not a string
 */
export function textField(message: Message, name: string): string {
  const value = message.get(name.toLowerCase()) ?? '';
  if (typeof value !== 'string') {
    throw new PluginError(`cannot read the request: field "${name}" is not a string`, { status: 400 });
  }
  return value;
}

/**
 * A required string field. Engines may retry a call with an empty body, so a missing field is an error.
 *
 * @throws {PluginError} 400 if it is missing, empty or not a string
 */
export function requiredTextField(message: Message, name: string): string {
  const value = textField(message, name);
  if (value === '') {
    throw new PluginError(`cannot read the request: field "${name}" is missing`, { status: 400 });
  }
  return value;
}

/**
 * An object of strings; empty when missing or null. Values of other JSON types are converted to their JSON text, because
 * the Dory FlexVolume driver sends them.
 *
 * @throws {PluginError} 400 if it is not an object
 */
export function textMapField(message: Message, name: string): ReadonlyMap<string, string> {
  const value = message.get(name.toLowerCase()) ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PluginError(`cannot read the request: field "${name}" is not an object`, { status: 400 });
  }
  return new Map(Object.entries(value).map(([key, field]) => [key, textOf(field)]));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}
