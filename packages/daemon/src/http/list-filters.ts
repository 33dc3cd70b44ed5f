/**
 * Docker's query parameter `filters`: JSON of the form `{"key":["value"]}`, or the older `{"key":{"value":true}}`.
 */
import { HttpError } from './errors.ts';

/** Wanted values by key. A map, since keys come from clients. */
export type ListFilters = ReadonlyMap<string, readonly string[]>;

/** Upper bound of the values of all keys: each is compared with every event of every client, or with every entry of a list. */
const maxValues = 256;

/**
 * Parse the parameter; absent or empty means no filters.
 * @throws {HttpError} 400 `invalid filter` if it has neither form, or more than 256 values
 */
export function parseListFilters(text: string | null): ListFilters {
  const filters = new Map<string, readonly string[]>();
  if (text === null || text === '') return filters;
  const document = parse(text);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw invalid();
  let count = 0;
  for (const [key, values] of Object.entries(document)) {
    const parsed = parseValues(values);
    count += parsed.length;
    filters.set(key, parsed);
  }
  if (count > maxValues) throw new HttpError(400, `invalid filter: more than ${maxValues} values`);
  return filters;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid();
  }
}

function parseValues(values: unknown): readonly string[] {
  if (Array.isArray(values)) {
    if (!values.every((value) => typeof value === 'string')) throw invalid();
    return values;
  }
  if (typeof values !== 'object' || values === null) throw invalid();
  const entries = Object.entries(values);
  if (!entries.every(([, wanted]) => typeof wanted === 'boolean')) throw invalid();
  return entries.filter(([, wanted]) => wanted).map(([value]) => value);
}

function invalid(): HttpError {
  return new HttpError(400, 'invalid filter: expected JSON of the form {"key":["value"]}');
}
