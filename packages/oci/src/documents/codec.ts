/**
 * Two-way descriptions of JSON documents. A codec is the only description of a document: its type, its reader, its
 * writer, its field table and its round-trip test are derived from it. Absent and null fields have Go's zero value, as
 * Docker's decoder has it.
 */
import { OutboardError } from '../errors/outboard-error.ts';
import { type JsonValue, showValue } from './json-document.ts';

/** Reads and writes one kind of value. `decode(encode(value))` equals `value`. */
export interface Codec<Value> {
  /**
   * Read a value out of a parsed document. Unknown fields are left out.
   * @throws {DocumentMismatch} for a value of the wrong type
   */
  decode(document: unknown): Value;
  /** Write a value, with its fields in the order of the table. */
  encode(value: Value): JsonValue;
  readonly shape: Shape;
}

/** The type that a codec reads and writes. */
export type ValueOf<T> = T extends Codec<infer Value> ? Value : never;

/** Data about a codec, for field tables and for tests that make values. */
export type Shape =
  | { readonly kind: 'plain'; readonly samples: readonly JsonValue[] }
  | { readonly kind: 'list'; readonly item: Codec<unknown>; readonly absent: 'null' | 'empty' }
  | {
      readonly kind: 'object';
      readonly fields: Readonly<Record<string, Field<unknown>>>;
      /** The same rows by folded name, in the order of the table. */
      readonly byName: ReadonlyMap<string, Field<unknown>>;
    };

/** One row of an object's table. */
export interface Field<Value, Optional extends boolean = boolean> {
  /** Spelling in the document. */
  readonly name: string;
  readonly codec: Codec<Value>;
  /** True: the property is left out of the value when the document lacks the field. */
  readonly isOptional: Optional;
  /** True: the field is left out of the document when its value is the zero value (`omitempty` of Go). */
  readonly omitsEmpty: boolean;
  /** True: the field is known and not part of the value. It is neither read nor written. */
  readonly isPassedOver: boolean;
  /** True: the codec reads and writes the field also when an optional property is absent, as undefined. */
  readonly isAlwaysWritten: boolean;
}

/** A value that does not fit its codec; the path is completed while the error passes the enclosing objects. */
export class DocumentMismatch extends Error {
  readonly #path: (string | number)[] = [];

  constructor(
    /** Description of what is right. */
    readonly expected: string,
    readonly got: unknown,
  ) {
    super(`expected ${expected}, got ${showValue(got)}`);
  }

  /** Note the field or index in which the value lies, innermost first. */
  within(key: string | number): this {
    this.#path.unshift(key);
    return this;
  }

  /** Such as `Linux.Devices[0].Path`; empty for the document itself. */
  get path(): string {
    const parts = this.#path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`));
    return parts.join('').replace(/^\./, '');
  }

  /** The message, after the path if there is one. */
  get explanation(): string {
    return this.path === '' ? this.message : `${JSON.stringify(this.path)}: ${this.message}`;
  }
}

/**
 * Read a document.
 * @param subject name of the document, for messages
 * @throws {OutboardError} invalid, with the path of the first wrong value, the value and what is right
 */
export function decodeDocument<Value>(codec: Codec<Value>, document: unknown, subject: string): Value {
  try {
    return codec.decode(document);
  } catch (error) {
    if (!(error instanceof DocumentMismatch)) throw error;
    throw new OutboardError('invalid', `${subject}: ${error.explanation}`);
  }
}
