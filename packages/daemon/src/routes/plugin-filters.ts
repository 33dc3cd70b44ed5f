/**
 * The filters of `GET /plugins`.
 * @see moby daemon/pkg/plugin/backend_linux.go, List
 */
import type { PluginFilters } from '@outboard/engine';
import { HttpError } from '../http/errors.ts';
import { parseListFilters } from '../http/list-filters.ts';

/** A client's pattern runs on this process's only thread, so it may not be long. */
const maxPatternLength = 128;
const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/**
 * Parse the `filters` parameter.
 * @throws {HttpError} 400 with the key, or the key and its values
 */
export function parsePluginFilters(text: string | null): PluginFilters {
  let enabled: boolean | undefined;
  let capabilities: readonly RegExp[] | undefined;
  for (const [key, values] of parseListFilters(text)) {
    if (key === 'enabled') enabled = parseEnabled(values);
    else if (key === 'capability') capabilities = values.map(parseCapability);
    else throw new HttpError(400, `invalid filter '${key}': expected "enabled" or "capability"`);
  }
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(capabilities === undefined || capabilities.length === 0 ? {} : { capabilities }),
  };
}

/** Values that contradict each other are refused, as in Docker since 23.0; earlier engines took them for "true". */
function parseEnabled(values: readonly string[]): boolean {
  const parsed = new Set(values.map((value) => booleans.get(value)));
  const [enabled] = parsed;
  if (parsed.size !== 1 || enabled === undefined) {
    throw new HttpError(400, `invalid filter 'enabled=[${values.join(' ')}]': expected "true" or "false"`);
  }
  return enabled;
}

/** An unanchored regular expression; what is none is taken literally, as Docker's exact match does. */
function parseCapability(text: string): RegExp {
  if (text.length > maxPatternLength) {
    throw new HttpError(400, `invalid filter 'capability': longer than ${maxPatternLength} characters`);
  }
  try {
    return new RegExp(text);
  } catch {
    return new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);
  }
}
