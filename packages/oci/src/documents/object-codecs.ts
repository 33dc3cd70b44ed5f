/**
 * The codecs of objects and lists. The rows of an object's table are in the order in which its fields are written.
 */
import { type Codec, DocumentMismatch, type Field } from './codec.ts';
import { foldFieldName } from './field-names.ts';
import { isEmpty, objectOf } from './go-values.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json-document.ts';
import type { Fields, Given, PropertiesOf } from './object-type.ts';
import { constant } from './value-codecs.ts';

const plainRow = {
  isOptional: false,
  omitsEmpty: false,
  isPassedOver: false,
  isAlwaysWritten: false,
} as const;

/** A field that is always written. */
export function field<Value>(name: string, codec: Codec<Value>): Field<Value, false> {
  return { ...plainRow, name, codec };
}

/** A field that is not written when it is empty, 0 or false: `omitempty` of Go. */
export function fieldUnlessEmpty<Value>(name: string, codec: Codec<Value>): Field<Value, false> {
  return { ...plainRow, name, codec, omitsEmpty: true };
}

/** A field that has no property in memory when it is absent or null. */
export function optionalField<Value>(name: string, codec: Codec<Value>): Field<Value, true> {
  return { ...plainRow, name, codec, isOptional: true };
}

/** A field that has no property in memory when it is absent or null, and that is not written when it is empty. */
export function optionalFieldUnlessEmpty<Value>(name: string, codec: Codec<Value>): Field<Value, true> {
  return { ...optionalField(name, codec), omitsEmpty: true };
}

/** A field that has no property in memory when it is absent or null, and that is null then. */
export function fieldOrNull<Value>(name: string, codec: Codec<Value>): Field<Value | undefined, true> {
  const orNull: Codec<Value | undefined> = {
    ...codec,
    decode: (document) => (document === undefined || document === null ? undefined : codec.decode(document)),
    encode: (value) => (value === undefined ? null : codec.encode(value)),
  };
  return { ...optionalField(name, orNull), isAlwaysWritten: true };
}

/** A field that must have one value, such as the version of a format. It has no property in memory. */
export function constantField(name: string, value: string | number): Field<undefined, true> {
  const source = constant(value);
  const codec: Codec<undefined> = {
    decode: (document) => void source.decode(document),
    encode: () => value,
    shape: source.shape,
  };
  return { ...optionalField(name, codec), isAlwaysWritten: true };
}

/** A field that is known and not part of the value: something else reads it, and nothing writes it. */
export function fieldPassedOver(name: string): Field<undefined, true> {
  const codec: Codec<undefined> = {
    decode: () => undefined,
    encode: () => null,
    shape: { kind: 'plain', samples: [] },
  };
  return { ...optionalField(name, codec), isPassedOver: true };
}

/** An object with these rows. Absent and null are the object with every field absent. */
export function object<Table extends Fields>(fields: Table): Codec<PropertiesOf<Table>> {
  const rows = Object.entries(fields).filter(([, row]) => !row.isPassedOver);
  const byName = new Map(Object.values(fields).map((row) => [foldFieldName(row.name), row]));
  return {
    decode(document) {
      const read: Record<string, unknown> = {};
      let name = '';
      const source = objectOf(document);
      try {
        for (const [property, row] of rows) {
          name = row.name;
          const written = source[name];
          if (mayBeSkipped(row) && (written === undefined || written === null)) continue;
          const value = row.codec.decode(written);
          if (value !== undefined || !row.isOptional) read[property] = value;
        }
      } catch (error) {
        throw error instanceof DocumentMismatch ? error.within(name) : error;
      }
      return read as PropertiesOf<Table>; // each property by its row
    },
    encode(value) {
      // Only properties of the table are read, each by the codec of its row.
      const properties = value as Readonly<Record<string, unknown>>;
      const written: Record<string, JsonValue> = {};
      for (const [property, row] of rows) {
        const item = properties[property];
        if (mayBeSkipped(row) && item === undefined) continue;
        const encoded = row.codec.encode(item);
        if (!(row.omitsEmpty && isEmpty(encoded))) written[row.name] = encoded;
      }
      return written;
    },
    shape: { kind: 'object', fields, byName },
  };
}

function mayBeSkipped({ isOptional, isAlwaysWritten }: Field<unknown>): boolean {
  return isOptional && !isAlwaysWritten;
}

/** The same object, refused when it has fields that are not in its table. */
export function exact<Value>(source: Codec<Value>): Codec<Value> {
  const fields = source.shape.kind === 'object' ? Object.values(source.shape.fields) : [];
  const names = new Set(fields.map(({ name }) => name));
  return {
    ...source,
    decode(document) {
      const other = Object.keys(objectOf(document)).find((key) => !names.has(key));
      if (other === undefined) return source.decode(document);
      throw new DocumentMismatch(`no field ${JSON.stringify(other)}`, document);
    },
  };
}

/** Encode an object: the same as its codec's `encode`, with the type of the result. */
export function encodeObject<Value>(codec: Codec<Value>, value: Given<Value>): JsonObject {
  // Properties that are undefined are not written.
  return codec.encode(value as Value) as JsonObject; // of an object's codec
}

/**
 * The same values in documents whose fields are named as the properties in memory.
 * @see `field`, for the names in other documents
 */
export function namedAsInMemory<Value>(source: Codec<Value>): Codec<Value> {
  if (source.shape.kind !== 'object') return source;
  const fields = Object.entries(source.shape.fields).map(([name, row]) => {
    return [name, { ...row, name, codec: namedAsInMemory(row.codec) }] as const;
  });
  return object(Object.fromEntries(fields)) as Codec<unknown> as Codec<Value>; // the same rows
}

/** An object with any keys, and values of one kind. A mismatch names the key, unlike one of `textMap`. */
export function mapOf<Item>(item: Codec<Item>): Codec<ReadonlyMap<string, Item>> {
  return {
    decode(document) {
      if (!isJsonObject(document)) throw new DocumentMismatch('an object', document);
      return new Map(Object.entries(document).map(([key, value]) => [key, decodeWithin(key, item, value)]));
    },
    encode: (map) => Object.fromEntries([...map].map(([key, value]) => [key, item.encode(value)])),
    shape: { kind: 'plain', samples: [{}] },
  };
}

function decodeWithin<Item>(key: string | number, item: Codec<Item>, value: unknown): Item {
  try {
    return item.decode(value);
  } catch (error) {
    throw error instanceof DocumentMismatch ? error.within(key) : error;
  }
}

/** A list; absent and null are null, which differs from an empty list as it does in Docker's answers. */
export function list<Item>(item: Codec<Item>): Codec<readonly Item[] | null> {
  return {
    decode: (document) => (document === undefined || document === null ? null : decodeItems(item, document)),
    encode: (value) => value?.map((entry) => item.encode(entry)) ?? null,
    shape: { kind: 'list', item, absent: 'null' },
  };
}

/** A list; absent and null are the empty list. */
export function listOrEmpty<Item>(item: Codec<Item>): Codec<readonly Item[]> {
  return {
    decode: (document) => (document === undefined || document === null ? [] : decodeItems(item, document)),
    encode: (value) => value.map((entry) => item.encode(entry)),
    shape: { kind: 'list', item, absent: 'empty' },
  };
}

/** The same values, less the absent and null ones. */
export function required<Value>(codec: Codec<Value>): Codec<Value> {
  const expected = { plain: 'a value', list: 'an array', object: 'an object' }[codec.shape.kind];
  return {
    ...codec,
    decode(document) {
      if (document === undefined || document === null) throw new DocumentMismatch(expected, document);
      return codec.decode(document);
    },
  };
}

function decodeItems<Item>(item: Codec<Item>, document: unknown): readonly Item[] {
  if (!Array.isArray(document)) throw new DocumentMismatch('an array or null', document);
  return document.map((entry, index) => decodeWithin(index, item, entry));
}
