/**
 * Streams events to one client: first the past it asked for, then what happens, in order and without a gap.
 */
import type { ServerResponse } from 'node:http';
import { joinSignals, whenAborted } from '@outboard/async';
import type { EngineEvent } from '@outboard/engine';
import { encodeEvent } from './event-document.ts';
import type { EventLog } from './event-log.ts';
import type { EventQuery } from './event-query.ts';

/**
 * What a client may leave unread. Then its connection is cut in the middle of the chunked body, which every client
 * reports as an error; a gap it would not notice.
 */
const maxBufferedBytes = 1024 * 1024;

/**
 * Write matching events until the client leaves, its time is up, or the daemon stops. The head is sent at once.
 * @param nowNano the present, nanoseconds since the epoch
 */
export async function streamEvents(
  response: ServerResponse,
  log: EventLog,
  query: EventQuery,
  options: { readonly signal: AbortSignal; readonly nowNano: bigint },
): Promise<void> {
  response.flushHeaders();
  const send = (event: EngineEvent) => {
    if (response.destroyed || !query.matches(event) || !isWithin(event, query)) return;
    response.write(`${encodeEvent(event)}\n`);
    if (response.writableLength > maxBufferedBytes) response.destroy();
  };
  // Past and present are joined in one synchronous step, so no event is lost or told twice.
  if (query.since !== undefined || query.until !== undefined) for (const event of log.recent()) send(event);
  if (query.until !== undefined && query.until <= options.nowNano) return;
  // A time beyond what timers can wait for (24 days) is left to the client; later events are not sent anyway.
  const timeoutMs =
    query.until === undefined ? undefined : Number((query.until - options.nowNano) / 1_000_000n) + 1;
  using limit = joinSignals([options.signal], { timeoutMs });
  const unfollow = log.follow(send);
  try {
    await whenAborted(limit.signal);
  } finally {
    unfollow();
  }
}

function isWithin(event: EngineEvent, { since, until }: EventQuery): boolean {
  return (since === undefined || event.timeNano >= since) && (until === undefined || event.timeNano <= until);
}
