/**
 * The codecs that document tables are made of. The rows of an object's table are in the order in which its fields are
 * written.
 */
import { type Digest, parseDigest } from '../digests/digest.ts';
import { isOutboardError } from '../errors/outboard-error.ts';
import { type Codec, DocumentMismatch, type Field } from './codec.ts';
import { base64, decodeTexts, isEmpty, objectOf, textOf } from './go-values.ts';
import type { JsonObject, JsonValue } from './json-document.ts';
import type { Fields, Given, PropertiesOf } from './object-type.ts';

const sampleTexts = ['', 'text', 'Text with "quotes", \u00e9 and \u{1f600}'];

/** A text; absent and null are the empty text. */
export const text: Codec<string> = plain(sampleTexts, (value) => textOf(value) ?? '');

/** A text; absent and null are null. */
export const textOrNull: Codec<string | null> = plain([null, ...sampleTexts], (value) => textOf(value));

/** A text; absent, null and the empty text are undefined. For optional fields that Go omits when empty. */
export const textIfAny: Codec<string | undefined> = {
  ...plain(['text'], (value) => textOf(value) || undefined),
  encode: (value) => value ?? '',
};

/** A text that must be there. It may be empty. */
export const requiredText: Codec<string> = plain(sampleTexts, (value) => {
  if (typeof value === 'string') return value;
  throw new DocumentMismatch('a string', value);
});

/** A text that must be there and may not be empty. */
export const nonEmptyText: Codec<string> = plain(['text'], (value) => {
  const written = requiredText.decode(value);
  if (written === '') throw new DocumentMismatch('text that is not empty', value);
  return written;
});

/** true or false; absent and null are false. */
export const flag: Codec<boolean> = plain([false, true], (value) => {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw new DocumentMismatch('true, false or null', value);
});

/** A finite number, which must be there. */
export const finiteNumber: Codec<number> = plain([0, -1, 0.5, 2 ** 40], (value) => {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new DocumentMismatch('a number', value);
});

/** Any JSON value, as it is; absent is null. */
export const anyJson: Codec<JsonValue> = plain(
  [null, 'text', 1, true, ['item'], { key: 'value' }],
  (value) => {
    return (value ?? null) as JsonValue; // decoders are given parsed documents
  },
);

/** A whole number in a range; absent and null are 0. */
export function wholeNumber(least: number, most: number): Codec<number> {
  return plain([least, Math.min(least + 1, most), most], (value) => {
    const number = value ?? 0;
    if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most)
      return number;
    throw new DocumentMismatch(`a whole number from ${least} to ${most}`, value);
  });
}

/** Base64 of any bytes in documents; absent and null are no bytes. Line breaks are ignored, as by Go. */
export const bytes: Codec<Buffer> = {
  decode(value) {
    const encoded = text.decode(value).replace(/[\r\n]/g, '');
    if (base64.test(encoded)) return Buffer.from(encoded, 'base64');
    throw new DocumentMismatch('base64', value);
  },
  encode: (value) => value.toString('base64'),
  shape: { kind: 'plain', samples: ['', 'AA==', '/+8='] },
};

/** An object of texts with keys of any kind; absent and null are empty, and a null text is empty. */
export const textMap: Codec<ReadonlyMap<string, string>> = {
  decode: (document) => new Map(decodeTexts(document)),
  encode: (map) => Object.fromEntries(map),
  shape: { kind: 'plain', samples: [{}, { key: 'text', '': '' }] },
};

/** The same as `textMap`, as an object. */
export const textRecord: Codec<Readonly<Record<string, string>>> = {
  decode: (document) => Object.fromEntries(decodeTexts(document)),
  encode: (record) => ({ ...record }),
  shape: textMap.shape,
};

/** A value that is always the same, and must be there. */
export function constant<const Value extends string | number>(value: Value): Codec<Value> {
  return plain([value], (written) => {
    if (written === value) return value;
    throw new DocumentMismatch(JSON.stringify(value), written);
  });
}

/** One of several texts, which must be there. */
export function oneOf<const Choices extends readonly string[]>(...choices: Choices): Codec<Choices[number]> {
  return plain(choices, (value) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new DocumentMismatch(choices.map((choice) => JSON.stringify(choice)).join(' or '), value);
  });
}

/**
 * A text that matches a pattern, and must be there.
 * @param samples texts that do
 */
export function textLike(pattern: RegExp, samples: readonly string[]): Codec<string> {
  return plain(samples, (value) => {
    const written = requiredText.decode(value);
    if (pattern.test(written)) return written;
    throw new DocumentMismatch(`text of the form ${pattern}`, value);
  });
}

/**
 * A value whose form in documents is a text; absent and null are the empty text.
 * @param samples texts that `parse` takes and `format` makes
 */
export function formatted<Value>(
  parse: (written: string) => Value,
  format: (value: Value) => string,
  samples: readonly string[],
): Codec<Value> {
  return {
    decode: (value) => parse(text.decode(value)),
    encode: format,
    shape: { kind: 'plain', samples },
  };
}

/** A digest by sha256, which must be there. */
export const digest: Codec<Digest> = plain([`sha256:${'ab'.repeat(32)}`], (value) => {
  if (typeof value !== 'string') throw new DocumentMismatch('a string', value);
  try {
    return parseDigest(value);
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    throw new DocumentMismatch('sha256: and 64 lower-case hex digits', value);
  }
});

/** A value that is the same in memory and in documents. */
function plain<Value extends JsonValue | undefined>(
  samples: readonly JsonValue[],
  decode: (value: unknown) => Value,
): Codec<Value> {
  return { decode, encode: (value) => value ?? null, shape: { kind: 'plain', samples } };
}

/** A field that is always written. */
export function field<Value>(name: string, codec: Codec<Value>): Field<Value, false> {
  return { name, codec, isOptional: false, omitsEmpty: false, isPassedOver: false };
}

/** A field that is not written when it is empty, 0 or false: `omitempty` of Go. */
export function fieldUnlessEmpty<Value>(name: string, codec: Codec<Value>): Field<Value, false> {
  return { name, codec, isOptional: false, omitsEmpty: true, isPassedOver: false };
}

/** A field that has no property in memory when it is absent or null. */
export function optionalField<Value>(name: string, codec: Codec<Value>): Field<Value, true> {
  return { name, codec, isOptional: true, omitsEmpty: false, isPassedOver: false };
}

/** A field that has no property in memory when it is absent or null, and that is not written when it is empty. */
export function optionalFieldUnlessEmpty<Value>(name: string, codec: Codec<Value>): Field<Value, true> {
  return { ...optionalField(name, codec), omitsEmpty: true };
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
  return {
    decode(document) {
      const read: Record<string, unknown> = {};
      let name = '';
      const source = objectOf(document);
      try {
        for (const [property, row] of rows) {
          name = row.name;
          const written = source[name];
          if (row.isOptional && (written === undefined || written === null)) continue;
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
        if (row.isOptional && item === undefined) continue;
        const encoded = row.codec.encode(item);
        if (!(row.omitsEmpty && isEmpty(encoded))) written[row.name] = encoded;
      }
      return written;
    },
    shape: { kind: 'object', fields },
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
  return document.map((entry, index) => {
    try {
      return item.decode(entry);
    } catch (error) {
      throw error instanceof DocumentMismatch ? error.within(index) : error;
    }
  });
}
