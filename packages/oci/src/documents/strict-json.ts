/**
 * JSON for documents from registries and archives. It refuses what two decoders could read in two
 * ways (RFC 8259 leaves duplicate names, big numbers and broken Unicode open; Go folds case and
 * lets the last one win), because a document approved in one reading must not be used in another.
 */
import { OutboardError } from '../errors.ts';
import { foldFieldName } from './field-names.ts';

/** Bounds of one document. */
export interface StrictJsonOptions {
  /** Upper bound of the document, in bytes. */
  readonly maxBytes: number;
  /** How deep objects and arrays may nest; default 64, and never more. */
  readonly maxDepth?: number;
  /** What the document is, for messages; default `document`. */
  readonly subject?: string;
}

const deepest = 64;
const longestNumber = 64;
const longestNameShown = 64;

/** Fields that hold maps with free keys, where keys that differ in case are different keys. */
const mapFields = new Set(['annotations', 'labels']);

/**
 * Parse one strict JSON document.
 *
 * Refused: more than `maxBytes` or `maxDepth`; a byte order mark; invalid UTF-8; trailing data; a name twice in
 * one object, or twice but for case (except in `annotations` and `labels`); numbers beyond the safe integers;
 * NUL and lone surrogates in strings. Objects in the result have no prototype; `-0` becomes 0.
 * @throws {OutboardError} invalid, with the path of what was wrong
 */
export function parseStrictJson(bytes: Uint8Array, options: StrictJsonOptions): unknown {
  const subject = options.subject ?? 'document';
  if (bytes.length > options.maxBytes) {
    throw new OutboardError(
      'invalid',
      `invalid ${subject}: it has ${bytes.length} bytes, at most ${options.maxBytes} are accepted`,
    );
  }
  return new StrictJsonReader(
    decodeUtf8(bytes, subject),
    subject,
    Math.min(options.maxDepth ?? deepest, deepest),
  ).read();
}

function decodeUtf8(bytes: Uint8Array, subject: string): string {
  try {
    // The mark is kept so that the reader meets it as a stray character and refuses it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new OutboardError('invalid', `invalid ${subject}: it is not valid UTF-8`, { cause });
  }
}

const whitespace = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const loneSurrogate = /\p{Surrogate}/u;
const literals = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

/** One pass over the text by recursive descent; the depth bound keeps the stack small. */
class StrictJsonReader {
  readonly #text: string;
  readonly #subject: string;
  readonly #maxDepth: number;
  /** Names and indexes from the root to the value being read. */
  readonly #path: (string | number)[] = [];
  #position = 0;

  constructor(text: string, subject: string, maxDepth: number) {
    this.#text = text;
    this.#subject = subject;
    this.#maxDepth = maxDepth;
  }

  read(): unknown {
    const value = this.#value();
    this.#skipWhitespace();
    if (this.#position < this.#text.length) throw this.#error('data follows the end of the document');
    return value;
  }

  #value(): unknown {
    this.#skipWhitespace();
    const start = this.#text[this.#position];
    if (start === '{') return this.#object();
    if (start === '[') return this.#array();
    if (start === '"') return this.#string();
    for (const [literal, value] of literals) {
      if (this.#text.startsWith(literal, this.#position)) {
        this.#position += literal.length;
        return value;
      }
    }
    return this.#number();
  }

  #object(): Record<string, unknown> {
    this.#enter();
    const isMap = this.#isMapField();
    const seen = new Set<string>();
    const object: Record<string, unknown> = Object.create(null);
    if (!this.#takes('}')) {
      do {
        const name = this.#name();
        this.#path.push(name);
        const identity = isMap ? name : foldFieldName(name);
        if (seen.has(identity)) throw this.#error('ambiguous: the name is written twice, case aside');
        seen.add(identity);
        object[name] = this.#value();
        this.#path.pop();
      } while (this.#takes(','));
      this.#expect('}');
    }
    return object;
  }

  #array(): unknown[] {
    this.#enter();
    const array: unknown[] = [];
    if (!this.#takes(']')) {
      do {
        this.#path.push(array.length);
        array.push(this.#value());
        this.#path.pop();
      } while (this.#takes(','));
      this.#expect(']');
    }
    return array;
  }

  #name(): string {
    this.#skipWhitespace();
    if (this.#text[this.#position] !== '"') throw this.#error('want a name in double quotes');
    const name = this.#string();
    this.#expect(':');
    return name;
  }

  #string(): string {
    const start = this.#position;
    const end = this.#closingQuote(start + 1);
    const raw = this.#text.slice(start + 1, end);
    this.#position = end + 1;
    if (!raw.includes('\\')) return raw; // decoding and closingQuote() have refused all that is wrong without escapes
    const value = this.#unescape(this.#text.slice(start, end + 1));
    if (value.includes('\0')) throw this.#error('a string holds NUL');
    if (loneSurrogate.test(value)) throw this.#error('a string holds half of a surrogate pair');
    return value;
  }

  #closingQuote(from: number): number {
    for (let at = from; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
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

  /** Step over the bracket that opens an object or array. */
  #enter(): void {
    if (this.#path.length >= this.#maxDepth) throw this.#error(`nested deeper than ${this.#maxDepth} levels`);
    this.#position++;
  }

  #isMapField(): boolean {
    const name = this.#path.at(-1);
    return typeof name === 'string' && mapFields.has(foldFieldName(name));
  }

  #takes(character: string): boolean {
    this.#skipWhitespace();
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#takes(character)) throw this.#error(`want "${character}" at character ${this.#position}`);
  }

  #skipWhitespace(): void {
    whitespace.lastIndex = this.#position;
    this.#position += whitespace.exec(this.#text)?.[0].length ?? 0;
  }

  #error(problem: string, cause?: unknown): OutboardError {
    const path = this.#path.map(shownStep).join('');
    const where = path === '' ? '' : ` at ${path.length > 512 ? `…${path.slice(-512)}` : path}`;
    return new OutboardError('invalid', `invalid ${this.#subject}${where}: ${problem}`, { cause });
  }
}

function shownStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  if (/^\w{1,64}$/.test(step)) return `.${step}`;
  return `[${JSON.stringify(step.slice(0, longestNameShown))}]`;
}
