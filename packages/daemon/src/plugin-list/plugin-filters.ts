/**
 * The filters of `GET /plugins`.
 * @see moby daemon/pkg/plugin/backend_linux.go, List
 */
import type { PluginFilters } from '@outboard/engine';
import { HttpError } from '../http/errors.ts';
import { parseFilterBoolean, parseFilterPattern } from '../http/filter-values.ts';
import { parseListFilters } from '../http/list-filters.ts';

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/**
 * Parse the `filters` parameter.
 * @throws {HttpError} 400 with the key, or the key and its values
 */
export function parsePluginFilters(text: string | null): PluginFilters {
  const filters: Mutable<PluginFilters> = {};
  for (const [key, values] of parseListFilters(text)) {
    if (key === 'enabled') {
      filters.enabled = parseFilterBoolean(key, values);
    } else if (key === 'capability') {
      if (values.length > 0) filters.capabilities = values.map((value) => parseFilterPattern(key, value));
    } else {
      throw new HttpError(400, `invalid filter '${key}': expected "enabled" or "capability"`);
    }
  }
  return filters;
}
