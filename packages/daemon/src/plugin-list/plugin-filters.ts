/**
 * The filters of `GET /plugins`.
 * @see moby daemon/pkg/plugin/backend_linux.go, List
 */
import type { PluginFilters } from '@outboard/engine';
import { HttpError } from '../http/errors.ts';
import { parseFilterBoolean, parseFilterPattern } from '../http/filter-values.ts';
import { parseListFilters } from '../http/list-filters.ts';

/**
 * Parse the `filters` parameter.
 * @throws {HttpError} 400 with the key, or the key and its values
 */
export function parsePluginFilters(text: string | null): PluginFilters {
  let enabled: boolean | undefined;
  let capabilities: readonly RegExp[] | undefined;
  for (const [key, values] of parseListFilters(text)) {
    if (key === 'enabled') enabled = parseFilterBoolean(key, values);
    else if (key === 'capability') capabilities = values.map((value) => parseFilterPattern(key, value));
    else throw new HttpError(400, `invalid filter '${key}': expected "enabled" or "capability"`);
  }
  return {
    ...(enabled !== undefined && { enabled }),
    ...(capabilities !== undefined && capabilities.length > 0 && { capabilities }),
  };
}
