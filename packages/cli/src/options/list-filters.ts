/**
 * The flag `--filter` of lists, and its form in the API.
 * @see Docker Engine API v1.51, parameter `filters`
 */
import { CommandError } from '../command-error.ts';

/** `{"key": {"value": true}}` for each filter. */
export type ListFilters = Readonly<Record<string, Readonly<Record<string, true>>>>;

/**
 * Parse the values of the flag.
 * @param filters each `NAME=VALUE`
 * @throws {CommandError} for another form
 */
export function parseFilters(filters: readonly string[]): ListFilters {
  const parsed = new Map<string, Record<string, true>>();
  for (const filter of filters) {
    const equals = filter.indexOf('=');
    if (equals < 0) {
      throw new CommandError(`invalid filter "${filter}": it must be NAME=VALUE, such as enabled=true`);
    }
    const key = filter.slice(0, equals).trim().toLowerCase();
    parsed.set(key, { ...parsed.get(key), [filter.slice(equals + 1).trim()]: true });
  }
  return Object.fromEntries(parsed);
}

/** The query of requests with filters. */
export function listQuery(filters: ListFilters): { readonly filters: string | undefined } {
  return { filters: Object.keys(filters).length === 0 ? undefined : JSON.stringify(filters) };
}
