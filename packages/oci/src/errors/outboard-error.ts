/**
 * The one error class of the project. Callers branch on `kind`, never on the message.
 */

import { escapeHiddenInLines } from './hidden-characters.ts';

const errorKinds = [
  'invalid',
  'unauthorized',
  'forbidden',
  'not-found',
  'conflict',
  'not-implemented',
  'unavailable',
  'system',
] as const;

/** The kinds of failure that a caller can act on. The daemon maps each kind to one HTTP status. */
export type ErrorKind = (typeof errorKinds)[number];

function isErrorKind(value: unknown): value is ErrorKind {
  return (errorKinds as readonly unknown[]).includes(value);
}

/** Facts of an error beside its kind and message. */
export interface OutboardErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown | undefined;
  /** Stable name of one case, for callers to which the kind is too coarse, such as `privileges-differ`. */
  readonly code?: string | undefined;
  /** Plain facts (subject, expected, actual). Never secrets: details reach logs. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * An error with a kind. The message says what was wrong, with the value, and what would be right;
 * it is lower case, has no final period, and never holds a secret. It is shown on terminals and in logs and may quote
 * untrusted text, so hidden characters are escaped in it.
 */
export class OutboardError extends Error {
  override readonly name = 'OutboardError';
  readonly kind: ErrorKind;
  readonly code: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  /**
   * `instanceof` recognises errors of every copy of this package: each npm package of the project brings its own along, so
   * a program that uses two of them has two classes.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (
      value instanceof Error && value.name === 'OutboardError' && 'kind' in value && isErrorKind(value.kind)
    );
  }

  constructor(kind: ErrorKind, message: string, options: OutboardErrorOptions = {}) {
    super(escapeHiddenInLines(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = options.code;
    this.details = options.details;
  }
}

/** True for an `OutboardError`, of the given kind if one is given. */
export function isOutboardError(value: unknown, kind?: ErrorKind): value is OutboardError {
  return value instanceof OutboardError && (kind === undefined || value.kind === kind);
}
