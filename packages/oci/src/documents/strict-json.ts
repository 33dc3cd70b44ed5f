/**
 * JSON for documents from registries and archives. It refuses what two decoders could read in two
 * ways (RFC 8259 leaves duplicate names, big numbers and broken Unicode open; Go folds case and
 * lets the last one win), because a document approved in one reading must not be used in another.
 */
import { OutboardError } from '../errors/outboard-error.ts';
import { foldFieldName } from './field-names.ts';
import { maxJsonValues } from './json-work.ts';

/** Bounds of one document. */
export interface StrictJsonOptions {
  /** Upper bound of the document, in bytes. */
  readonly maxBytes: number;
  /** Upper bound of nested objects and arrays; default 64, and never more. */
  readonly maxDepth?: number | undefined;
  /** Upper bound of values of all kinds; default `maxJsonValues`, and never more. */
  readonly maxValues?: number | undefined;
  /** Name of the document, for messages; default `document`. */
  readonly subject?: string | undefined;
}

/**
 * Bounds on the work of parsing and reading a document, beside that of its values, which a limit of bytes alone does not
 * bound. The largest documents in use stay far below these.
 */
const jsonLimits = {
  /** Members of one object. */
  members: 4096,
  /** Elements of one array. */
  elements: 16_384,
  /** Characters of one string. */
  characters: 1024 * 1024,
  /** Characters of one name. */
  nameCharacters: 4096,
} as const;

const deepest = 64;
const longestNumber = 64;
const longestNameShown = 64;

/** Fields that hold maps with free keys, where keys that differ in case are different keys. */
const mapFields = new Set(['annotations', 'labels']);

/**
 * Parse one strict JSON document.
 *
 * Refused: more than `maxBytes`, `maxDepth` or `jsonLimits`; a byte order mark; invalid UTF-8; trailing data; a name
 * twice in one object, or twice but for case (except in `annotations` and `labels`); numbers beyond the safe integers;
 * NUL and lone surrogates in strings. Objects in the result have no prototype; `-0` becomes 0.
 * @param document its bytes, or the text that `decodeJsonText` made of them
 * @throws {OutboardError} invalid, with the path of what was wrong; `details.position` counts characters from the start
 */
export function parseStrictJson(document: Uint8Array | string, options: StrictJsonOptions): unknown {
  const subject = options.subject ?? 'document';
  const text = typeof document === 'string' ? document : decodeJsonText(document, options);
  return new StrictJsonReader(text, {
    subject,
    maxDepth: Math.min(options.maxDepth ?? deepest, deepest),
    maxValues: Math.min(options.maxValues ?? maxJsonValues, maxJsonValues),
  }).read();
}

/**
 * Decode the bytes of a document, for `parseStrictJson`. With a document of megabytes this takes as long as the rest.
 * @throws {OutboardError} invalid: too long, or not UTF-8
 */
export function decodeJsonText(
  bytes: Uint8Array,
  options: Pick<StrictJsonOptions, 'maxBytes' | 'subject'>,
): string {
  const subject = options.subject ?? 'document';
  if (bytes.length > options.maxBytes) {
    throw new OutboardError(
      'invalid',
      `invalid ${subject}: it has ${bytes.length} bytes, at most ${options.maxBytes} are accepted`,
    );
  }
  return decodeUtf8(bytes, subject);
}

function decodeUtf8(bytes: Uint8Array, subject: string): string {
  try {
    // The mark is kept so that the reader meets it as a stray character and refuses it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new OutboardError('invalid', `invalid ${subject}: it is not valid UTF-8`, { cause });
  }
}

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const loneSurrogate = /\p{Surrogate}/u;
/** A control character or a backslash, which the fast path of strings leaves to the other one. */
const special = /[^\u0020-\u005b\u005d-\uffff]/;
const literals = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

/** The options of a reader, with their defaults. */
interface ReaderLimits {
  readonly subject: string;
  readonly maxDepth: number;
  readonly maxValues: number;
}

/** One pass over the text by recursive descent; the depth bound keeps the stack small. */
class StrictJsonReader {
  readonly #text: string;
  readonly #subject: string;
  readonly #maxDepth: number;
  readonly #maxValues: number;
  /** Names and indexes from the root to the value being read, as many as `#depth` says. */
  readonly #path: (string | number)[] = [];
  #depth = 0;
  #position = 0;
  #values = 0;

  constructor(text: string, { subject, maxDepth, maxValues }: ReaderLimits) {
    this.#text = text;
    this.#subject = subject;
    this.#maxDepth = maxDepth;
    this.#maxValues = maxValues;
  }

  read(): unknown {
    const value = this.#value();
    if (this.#next() !== undefined) throw this.#error('data follows the end of the document');
    return value;
  }

  #value(): unknown {
    this.#values++;
    if (this.#values > this.#maxValues)
      throw this.#error(`the document has more than ${this.#maxValues} values`);
    switch (this.#next()) {
      case '{':
        return this.#object();
      case '[':
        return this.#array();
      case '"':
        return this.#string(jsonLimits.characters);
      default:
        return this.#literal();
    }
  }

  #object(): Record<string, unknown> {
    this.#enter();
    const isMap = this.#isMapField();
    const seen = new Set<string>();
    const object: Record<string, unknown> = Object.create(null);
    if (this.#takes('}')) return object;
    do {
      if (seen.size === jsonLimits.members)
        throw this.#error(`an object has more than ${jsonLimits.members} members`);
      const name = this.#name();
      this.#path[this.#depth++] = name;
      const identity = isMap ? name : foldFieldName(name);
      if (seen.has(identity)) throw this.#error('ambiguous: the name is written twice, case aside');
      seen.add(identity);
      object[name] = this.#value();
      this.#depth--;
    } while (this.#takes(','));
    this.#expect('}');
    return object;
  }

  #array(): unknown[] {
    this.#enter();
    const array: unknown[] = [];
    if (this.#takes(']')) return array;
    do {
      if (array.length === jsonLimits.elements)
        throw this.#error(`an array has more than ${jsonLimits.elements} elements`);
      this.#path[this.#depth++] = array.length;
      array.push(this.#value());
      this.#depth--;
    } while (this.#takes(','));
    this.#expect(']');
    return array;
  }

  #name(): string {
    if (this.#next() !== '"') throw this.#error('want a name in double quotes');
    const name = this.#string(jsonLimits.nameCharacters);
    this.#expect(':');
    return name;
  }

  #string(maxCharacters: number): string {
    const start = this.#position;
    const quote = this.#text.indexOf('"', start + 1);
    const plain = quote === -1 ? undefined : this.#text.slice(start + 1, quote);
    // Without escapes nothing is left to refuse after decoding but control characters.
    const isPlain = plain !== undefined && !special.test(plain);
    const end = isPlain ? quote : this.#closingQuote(start + 1);
    if (end - start - 1 > maxCharacters)
      throw this.#error(`a string has more than ${maxCharacters} characters`);
    this.#position = end + 1;
    if (isPlain) return plain;
    const value = this.#unescape(this.#text.slice(start, end + 1));
    if (value.includes('\0')) throw this.#error('a string holds NUL');
    if (loneSurrogate.test(value)) throw this.#error('a string holds half of a surrogate pair');
    return value;
  }

  #closingQuote(from: number): number {
    const text = this.#text;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x22) return at;
      if (code === 0x5c) at++;
      else if (code < 0x20) throw this.#error('a string holds a control character');
    }
    throw this.#error('a string does not end');
  }

  #unescape(quoted: string): string {
    try {
      return JSON.parse(quoted) as string; // a quoted text without bare quotes parses to a string or not at all
    } catch (cause) {
      throw this.#error('a string holds an unknown escape', cause);
    }
  }

  #literal(): unknown {
    for (const [literal, value] of literals) {
      if (this.#text.startsWith(literal, this.#position)) {
        this.#position += literal.length;
        return value;
      }
    }
    return this.#number();
  }

  #number(): number {
    number.lastIndex = this.#position;
    const text = number.exec(this.#text)?.[0];
    if (text === undefined) throw this.#error(`want a value at character ${this.#position}`);
    const value = text.length > longestNumber ? Number.NaN : Number(text);
    if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
      throw this.#error(`number ${text.slice(0, longestNumber)} is outside the safe integers`);
    }
    this.#position += text.length;
    return value + 0; // -0 + 0 is 0
  }

  /** Skip the bracket that opens an object or array. */
  #enter(): void {
    if (this.#depth >= this.#maxDepth) throw this.#error(`nested deeper than ${this.#maxDepth} levels`);
    this.#position++;
  }

  #isMapField(): boolean {
    const name = this.#depth === 0 ? undefined : this.#path[this.#depth - 1];
    return typeof name === 'string' && mapFields.has(foldFieldName(name));
  }

  #takes(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#position++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#takes(character)) throw this.#error(`want "${character}" at character ${this.#position}`);
  }

  /** Skip white space. @returns the next character, which is not consumed; undefined at the end */
  #next(): string | undefined {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return text[this.#position];
      this.#position++;
    }
  }

  #error(problem: string, cause?: unknown): OutboardError {
    const path = this.#path.slice(0, this.#depth).map(shownStep).join('');
    const where = path === '' ? '' : ` at ${path.length > 512 ? `…${path.slice(-512)}` : path}`;
    return new OutboardError('invalid', `invalid ${this.#subject}${where}: ${problem}`, {
      cause,
      details: { position: this.#position },
    });
  }
}

function shownStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  if (/^\w{1,64}$/.test(step)) return `.${step}`;
  return `[${JSON.stringify(step.slice(0, longestNameShown))}]`;
}
