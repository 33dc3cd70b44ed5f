/**
 * The codecs of single values: texts, numbers, instants, digests, and maps of texts.
 */
import { type Digest, parseDigest } from '../digests/digest.ts';
import { isOutboardError } from '../errors/outboard-error.ts';
import { type Codec, DocumentMismatch } from './codec.ts';
import { base64, decodeTexts, textOf } from './go-values.ts';
import type { JsonValue } from './json-document.ts';

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
  return textThat((written) => pattern.test(written), `text of the form ${pattern}`, samples);
}

/**
 * A text that a predicate accepts, and that must be there.
 * @param expected description of such texts, for messages
 * @param samples texts that it accepts
 */
export function textThat(
  accepts: (written: string) => boolean,
  expected: string,
  samples: readonly string[],
): Codec<string> {
  return plain(samples, (value) => {
    const written = requiredText.decode(value);
    if (accepts(written)) return written;
    throw new DocumentMismatch(expected, value);
  });
}

/** An instant in UTC to the millisecond, as `Date` writes it in ISO 8601; it must be there. */
export const instant: Codec<Date> = {
  decode(value) {
    const written = requiredText.decode(value);
    const date = new Date(written);
    // Date reads other forms as well, and days that do not exist as those of the next month.
    if (!Number.isNaN(date.getTime()) && date.toISOString() === written) return date;
    throw new DocumentMismatch('an instant of the form 2006-01-02T15:04:05.000Z', value);
  },
  encode: (date) => date.toISOString(),
  shape: { kind: 'plain', samples: ['2026-08-01T12:00:00.123Z'] },
};

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
