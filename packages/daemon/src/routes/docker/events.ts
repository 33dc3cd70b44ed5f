/**
 * `GET /events`
 */
import type { EventLog } from '../../events/event-log.ts';
import { parseEventQuery } from '../../events/event-query.ts';
import { streamEvents } from '../../events/event-stream.ts';
import { jsonContentType } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** Streams events; see `events/`. */
export function eventsRoute(log: EventLog): Route {
  return {
    method: 'GET',
    path: '/events',
    handle({ query, signal }) {
      const asked = parseEventQuery(query);
      return {
        headers: { 'Content-Type': jsonContentType },
        write(response) {
          const nowNano = BigInt(Date.now()) * 1_000_000n;
          return streamEvents(response, log, asked, { signal, nowNano });
        },
      };
    },
  };
}
