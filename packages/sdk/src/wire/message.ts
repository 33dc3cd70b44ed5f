/**
 * Reading requests leniently, as Go's decoder does, for every consumer of plugins is written against it: field names
 * match in any letter case, and `null`, a missing field and the zero value are one.
 */
import { PluginError } from '../plugin-error.ts';

/** A decoded request. Keys are folded to lower case; a `Map`, because they come from outside. */
export type Message = ReadonlyMap<string, unknown>;

/**
 * Decode a request body. No bytes, `{}` and `null` are the same empty message.
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
 * A text field; empty when missing or null.
 *
 * @throws {PluginError} 400 if it is not text
 */
export function textField(message: Message, name: string): string {
  const value = message.get(name.toLowerCase()) ?? '';
  if (typeof value !== 'string') {
    throw new PluginError(`cannot read the request: field "${name}" is not a string`, { status: 400 });
  }
  return value;
}

/**
 * A text field that the call cannot do without. An engine that retries a call may send the second body empty, so a
 * missing field is an error and never a default.
 *
 * @throws {PluginError} 400 if it is missing, empty or not text
 */
export function requiredTextField(message: Message, name: string): string {
  const value = textField(message, name);
  if (value === '') {
    throw new PluginError(`cannot read the request: field "${name}" is missing`, { status: 400 });
  }
  return value;
}

/**
 * A field that maps text to text; empty when missing or null. Values of other JSON types become text, because one
 * consumer (the Dory FlexVolume driver) types its options.
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
