/**
 * Values of filters, by Docker's rules.
 * @see moby api/types/filters/parse.go, Args.Match and Args.GetBoolOrDefault
 */
import { HttpError } from './errors.ts';

/** Bounds the time of a client's regular expression, which blocks the event loop. */
const maxPatternLength = 128;
const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/**
 * Parse one boolean. Contradicting values are refused, as in Docker since 23.0; earlier versions took them for true.
 * @throws {HttpError} 400
 */
export function parseFilterBoolean(key: string, values: readonly string[]): boolean {
  const parsed = new Set(values.map((value) => booleans.get(value)));
  const [value] = parsed;
  if (parsed.size !== 1 || value === undefined) {
    throw new HttpError(400, `invalid filter '${key}=[${values.join(' ')}]': expected "true" or "false"`);
  }
  return value;
}

/**
 * Parse an unanchored regular expression. A text that is not a valid expression matches literally, as in Docker.
 * @throws {HttpError} 400 if it is too long
 */
export function parseFilterPattern(key: string, text: string): RegExp {
  if (text.length > maxPatternLength) {
    throw new HttpError(400, `invalid filter '${key}': longer than ${maxPatternLength} characters`);
  }
  try {
    return new RegExp(text);
  } catch {
    return new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);
  }
}
