/**
 * Reading of a plugin's JSON replies as Go's decoder reads them, because plugins in the field were written against it:
 * field names in any letter case, null and absent as the zero value, unknown fields ignored.
 */
import { OutboardError } from '@outboard/oci';
import { isJsonObject, type JsonObject, type JsonValue, showValue } from '../config/json-document.ts';

/** One reply, or an object inside one. */
export interface ReplyFields {
  /** A text field; absent and null are ''. @throws {OutboardError} system when it is something else */
  text(name: string): string;
  /** An object; absent and null are undefined. @throws {OutboardError} system when it is something else */
  object(name: string): ReplyFields | undefined;
  /** A list of objects; absent and null are empty. @throws {OutboardError} system when it is something else */
  objects(name: string): readonly ReplyFields[];
  /** A list of texts; absent and null are empty. @throws {OutboardError} system when it is something else */
  texts(name: string): readonly string[];
  /** The value as it came; undefined when absent. */
  raw(name: string): JsonValue | undefined;
}

/**
 * Read an object's fields.
 * @param subject what the object is, for messages, such as `VolumeDriver.Get`
 */
export function readReply(object: JsonObject, subject: string): ReplyFields {
  const fields = new Map(Object.entries(object).map(([key, value]) => [key.toLowerCase(), value]));
  const raw = (name: string) => fields.get(name.toLowerCase());
  const list = (name: string): readonly JsonValue[] => {
    const value = raw(name) ?? [];
    if (Array.isArray(value)) return value;
    throw unexpected(subject, name, 'an array', value);
  };
  return {
    raw,
    text(name) {
      const value = raw(name) ?? '';
      if (typeof value === 'string') return value;
      throw unexpected(subject, name, 'a string', value);
    },
    object(name) {
      const value = raw(name) ?? undefined;
      if (value === undefined) return undefined;
      if (isJsonObject(value)) return readReply(value, `${subject} ${name}`);
      throw unexpected(subject, name, 'an object', value);
    },
    objects(name) {
      return list(name).map((item) => {
        const value = item ?? {};
        if (isJsonObject(value)) return readReply(value, `${subject} ${name}`);
        throw unexpected(subject, name, 'an array of objects', value);
      });
    },
    texts(name) {
      return list(name).map((item) => {
        const value = item ?? '';
        if (typeof value === 'string') return value;
        throw unexpected(subject, name, 'an array of strings', value);
      });
    },
  };
}

function unexpected(subject: string, name: string, want: string, got: JsonValue): OutboardError {
  const message = `${subject}: malformed reply: want ${JSON.stringify(name)} to be ${want}, got ${showValue(got)}`;
  return new OutboardError('system', message, { code: 'plugin-reply-malformed' });
}
