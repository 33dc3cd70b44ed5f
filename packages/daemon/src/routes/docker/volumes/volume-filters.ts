/**
 * The filters of `GET /volumes` and `POST /volumes/prune`.
 * @see moby volume/service/service.go (28.x), acceptedListFilters and acceptedPruneFilters
 */
import type { PruneVolumesRequest, VolumeFilters } from '@outboard/engine';
import { HttpError } from '../../../http/errors.ts';
import { parseFilterBoolean, parseFilterPattern } from '../../../http/filter-values.ts';
import { parseListFilters } from '../../../http/list-filters.ts';

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/**
 * Parse the `filters` parameter of a list.
 * @throws {HttpError} 400 with the key, or the key and its values
 */
export function parseVolumeFilters(text: string | null): VolumeFilters {
  const filters: Mutable<VolumeFilters> = {};
  for (const [key, values] of parseListFilters(text)) {
    if (key === 'dangling') filters.dangling = parseFilterBoolean(key, values);
    else if (key === 'name') filters.names = values.map((value) => parseFilterPattern(key, value));
    else if (key === 'driver') filters.drivers = values;
    else if (key === 'label') filters.labels = values;
    else throw unknownKey(key, ['dangling', 'driver', 'label', 'name']);
  }
  return filters;
}

/**
 * Parse the `filters` parameter of a prune.
 * @throws {HttpError} 400 with the key, or the key and its values
 */
export function parsePruneFilters(text: string | null): PruneVolumesRequest {
  const request: Mutable<PruneVolumesRequest> = {};
  for (const [key, values] of parseListFilters(text)) {
    if (key === 'all') request.all = parseFilterBoolean(key, values);
    else if (key === 'label') request.labels = values;
    else if (key === 'label!') request.excludedLabels = values;
    else throw unknownKey(key, ['all', 'label', 'label!']);
  }
  return request;
}

function unknownKey(key: string, known: readonly string[]): HttpError {
  return new HttpError(400, `invalid filter '${key}': expected one of ${known.join(', ')}`);
}
