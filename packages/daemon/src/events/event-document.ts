/**
 * Events in Docker's form.
 * @see Docker Engine API v1.51, EventMessage
 */
import type { EngineEvent } from '@outboard/engine';
import { encodeStreamLine } from '../http/json.ts';

/**
 * Encode an event as one line of JSON, without the newline. `JSON.stringify` cannot write nanoseconds, which exceed the
 * precision of a number.
 */
export function encodeEvent(event: EngineEvent): string {
  const actor = encodeStreamLine({ ID: event.id, Attributes: event.attributes });
  const seconds = event.timeNano / 1_000_000_000n;
  return (
    `{"Type":"${event.type}","Action":"${event.action}","Actor":${actor},"scope":"local",` +
    `"time":${seconds},"timeNano":${event.timeNano}}`
  );
}
