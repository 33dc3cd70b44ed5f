/**
 * The values of filters, as Docker reads them.
 * @see moby api/types/filters/parse.go, Args.Match and Args.GetBoolOrDefault
 */
import { HttpError } from './errors.ts';

/** A client's pattern runs on this process's only thread, so it may not be long. */
const maxPatternLength = 128;
const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/**
 * One boolean. Values that contradict each other are refused, as in Docker since 23.0; earlier engines took them for
 * "true".
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
 * An unanchored regular expression; what is none is taken literally, as Docker's exact match does.
 * @throws {HttpError} 400
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
