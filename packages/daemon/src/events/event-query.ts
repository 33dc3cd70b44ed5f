/**
 * The query of a client for events: a time span and filters.
 * @see moby daemon/events/filter.go and daemon/events/events.go
 */
import type { EngineEvent } from '@outboard/engine';
import { HttpError } from '../http/errors.ts';
import { type ListFilters, parseListFilters } from '../http/list-filters.ts';

/** A parsed query. */
export interface EventQuery {
  /** Nanoseconds since the epoch; without `since` and `until` no past event is sent. */
  readonly since?: bigint | undefined;
  /** Nanoseconds since the epoch. */
  readonly until?: bigint | undefined;
  readonly matches: (event: EngineEvent) => boolean;
}

/** Filters that Docker compares with the object of every event, of any type. */
const objectFilters = 'config container daemon network node plugin secret service volume'.split(' ');

/**
 * Parse the query of `GET /events`.
 * @throws {HttpError} 400
 */
export function parseEventQuery(query: URLSearchParams): EventQuery {
  const since = parseTimestamp('since', query.get('since'));
  const until = parseTimestamp('until', query.get('until'));
  if (since !== undefined && until !== undefined && since > until) {
    throw new HttpError(
      400,
      `\`since\` time (${query.get('since')}) cannot be after \`until\` time (${query.get('until')})`,
    );
  }
  const filters = parseListFilters(query.get('filters'));
  return {
    since,
    until,
    matches: (event) => matchesFilters(event, filters),
  };
}

const timestamp = /^(\d{1,12})(?:\.(\d{1,9}))?$/;

/** Parse Unix seconds with an optional fraction. */
function parseTimestamp(name: string, text: string | null): bigint | undefined {
  if (text === null || text === '') return undefined;
  const match = timestamp.exec(text);
  if (match === null) {
    throw new HttpError(
      400,
      `invalid value for '${name}': invalid timestamp ${JSON.stringify(text)}: expected Unix seconds such as "1136073600.5"`,
    );
  }
  const [, seconds = '0', fraction = ''] = match;
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/**
 * True if every key matches. The values of one key are alternatives, except for `label`, where all must match. As in
 * Docker, unknown keys are ignored.
 */
function matchesFilters(event: EngineEvent, filters: ListFilters): boolean {
  const oneOf = (key: string, actual: string) => accepts(filters, key, (wanted) => wanted === actual);
  const labels = filters.get('label') ?? [];
  return (
    oneOf('type', event.type) &&
    oneOf('event', event.action) &&
    oneOf('scope', 'local') &&
    (labels.length === 0 || hasLabels(event, labels)) &&
    accepts(filters, 'image', (image) => image === event.id) &&
    objectFilters.every((key) => accepts(filters, key, (prefix) => startsWith(event, prefix)))
  );
}

/** The filter `label` matches attributes of the event. @param labels each `key` or `key=value` */
function hasLabels({ attributes }: EngineEvent, labels: readonly string[]): boolean {
  const known = new Set(Object.entries(attributes).flatMap(([key, value]) => [key, `${key}=${value}`]));
  return labels.every((label) => known.has(label));
}

function startsWith({ id, attributes }: EngineEvent, prefix: string): boolean {
  return id.startsWith(prefix) || (attributes.name ?? '').startsWith(prefix);
}

function accepts(filters: ListFilters, key: string, test: (value: string) => boolean): boolean {
  const values = filters.get(key);
  return values === undefined || values.length === 0 || values.some(test);
}
