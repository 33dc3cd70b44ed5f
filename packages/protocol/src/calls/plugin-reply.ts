/**
 * Reads a plugin's JSON reply by the rules of Go's decoder, which existing plugins were written for: field names match in
 * any letter case, null and absent fields are the zero value, unknown fields are ignored.
 * @see Go encoding/json, Unmarshal
 */
import {
  type Codec,
  DocumentMismatch,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  OutboardError,
  showValue,
} from '@outboard/oci';

/**
 * A reply, or an object inside one. Each reader throws {OutboardError} system, code `plugin-reply-malformed`, for a value
 * of another type.
 */
export interface ReplyFields {
  /** A text field; absent and null are ''. */
  text(name: string): string;
  /**
   * A text field in a given form; absent and null are ''.
   * @param want the form in words, for the message, such as `an address`
   */
  formed(name: string, want: string, isForm: (text: string) => boolean): string;
  /** True or false; absent and null are false. */
  boolean(name: string): boolean;
  /** A whole number; absent and null are 0. */
  integer(name: string): number;
  /** Bytes, in base64 on the wire; absent and null are empty. */
  bytes(name: string): Buffer;
  /** An object; absent and null are undefined. */
  object(name: string): ReplyFields | undefined;
  /** A list of objects; absent and null are empty. */
  objects(name: string): readonly ReplyFields[];
  /**
   * A list of objects in which entries of other types are undefined, so that one malformed entry does not hide the rest. Each is
   * made when it is iterated over.
   */
  entries(name: string): Iterable<ReplyFields | undefined>;
  /** A list of texts; absent and null are empty. */
  texts(name: string): readonly string[];
  /** An object with text values, null as ''; keys keep their letter case. Absent and null are empty. */
  textMap(name: string): ReadonlyMap<string, string>;
  /** The value as received; undefined when absent. */
  raw(name: string): JsonValue | undefined;
  /** All fields of a table. */
  decode<Value>(codec: Codec<Value>): Value;
}

/** Options of reading a reply. */
export interface ReadReplyOptions {
  /** Marks values as secret: errors name the field and quote no value. Default false. */
  readonly confidential?: boolean | undefined;
}

/** Standard base64 with padding; line breaks, which Go ignores, are removed before. */
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Read an object's fields.
 * @param subject name of the object in messages, such as `VolumeDriver.Get`
 */
export function readReply(
  object: JsonObject,
  subject: string,
  { confidential = false }: ReadReplyOptions = {},
): ReplyFields {
  return new FoldedFields(object, subject, confidential);
}

class FoldedFields implements ReplyFields {
  readonly #fields: ReadonlyMap<string, JsonValue>;
  readonly #subject: string;
  readonly #confidential: boolean;

  constructor(object: JsonObject, subject: string, confidential: boolean) {
    this.#fields = foldNames(object);
    this.#subject = subject;
    this.#confidential = confidential;
  }

  raw(name: string): JsonValue | undefined {
    return this.#fields.get(name.toLowerCase());
  }

  text(name: string): string {
    const value = this.raw(name) ?? '';
    return typeof value === 'string' ? value : this.#refuse(name, 'a string', value);
  }

  formed(name: string, want: string, isForm: (text: string) => boolean): string {
    const value = this.text(name);
    return value === '' || isForm(value) ? value : this.#refuse(name, want, value);
  }

  boolean(name: string): boolean {
    const value = this.raw(name) ?? false;
    return typeof value === 'boolean' ? value : this.#refuse(name, 'true or false', value);
  }

  integer(name: string): number {
    const value = this.raw(name) ?? 0;
    const isWhole = typeof value === 'number' && Number.isSafeInteger(value);
    return isWhole ? value : this.#refuse(name, 'a whole number', value);
  }

  bytes(name: string): Buffer {
    const value = this.text(name).replace(/[\r\n]/g, '');
    return base64.test(value) ? Buffer.from(value, 'base64') : this.#refuse(name, 'base64', value);
  }

  object(name: string): ReplyFields | undefined {
    const value = this.raw(name) ?? undefined;
    if (value === undefined) return undefined;
    return isJsonObject(value) ? this.#inner(name, value) : this.#refuse(name, 'an object', value);
  }

  objects(name: string): readonly ReplyFields[] {
    return this.#list(name).map((item) => {
      const value = item ?? {};
      return isJsonObject(value)
        ? this.#inner(name, value)
        : this.#refuse(name, 'an array of objects', value);
    });
  }

  *entries(name: string): Generator<ReplyFields | undefined> {
    for (const item of this.#list(name)) {
      const value = item ?? {};
      yield isJsonObject(value) ? this.#inner(name, value) : undefined;
    }
  }

  texts(name: string): readonly string[] {
    return this.#list(name).map((item) => {
      const value = item ?? '';
      return typeof value === 'string' ? value : this.#refuse(name, 'an array of strings', value);
    });
  }

  textMap(name: string): ReadonlyMap<string, string> {
    const object = this.raw(name) ?? {};
    if (!isJsonObject(object)) return this.#refuse(name, 'an object', object);
    const entries = Object.entries(object).map(([key, item]): [string, string] => {
      const value = item ?? '';
      return [key, typeof value === 'string' ? value : this.#refuse(name, 'an object of strings', value)];
    });
    return new Map(entries);
  }

  decode<Value>(codec: Codec<Value>): Value {
    const document = this.#spelledFor(codec);
    try {
      return codec.decode(document);
    } catch (error) {
      if (!(error instanceof DocumentMismatch)) throw error;
      return this.#refuse(error.path, error.expected.replace(/ or null$/, ''), error.got);
    }
  }

  /** The fields with the names of a codec, in objects inside them too. */
  #spelledFor({ shape }: Codec<unknown>): JsonObject {
    if (shape.kind !== 'object') return {};
    const fields = Object.values(shape.fields).flatMap(({ name, codec }): [string, JsonValue][] => {
      const value = this.raw(name);
      return value === undefined ? [] : [[name, this.#spelled(name, value, codec)]];
    });
    return Object.fromEntries(fields);
  }

  #spelled(name: string, value: JsonValue, codec: Codec<unknown>): JsonValue {
    const { shape } = codec;
    if (shape.kind === 'list' && Array.isArray(value)) {
      return value.map((item) => this.#spelled(name, item, shape.item));
    }
    if (shape.kind !== 'object' || !isJsonObject(value)) return value;
    return new FoldedFields(value, this.#subject, this.#confidential).#spelledFor(codec);
  }

  #list(name: string): readonly JsonValue[] {
    const value = this.raw(name) ?? [];
    return Array.isArray(value) ? value : this.#refuse(name, 'an array', value);
  }

  #inner(name: string, value: JsonObject): ReplyFields {
    return new FoldedFields(value, `${this.#subject} ${name}`, this.#confidential);
  }

  #refuse(name: string, want: string, got: unknown): never {
    const shown = this.#confidential ? 'something else' : showValue(got);
    const message = `${this.#subject}: malformed reply: want ${JSON.stringify(name)} to be ${want}, got ${shown}`;
    throw new OutboardError('system', message, { code: 'plugin-reply-malformed' });
  }
}

/** Fields by lower-case name. As in Go, the last of several spellings wins, and null does not replace a value. */
function foldNames(object: JsonObject): ReadonlyMap<string, JsonValue> {
  const fields = new Map<string, JsonValue>();
  for (const [name, value] of Object.entries(object)) {
    const folded = name.toLowerCase();
    if (value !== null || !fields.has(folded)) fields.set(folded, value);
  }
  return fields;
}
