/**
 * Streams events to one client: first the past events of its query, then new ones, in order and without a gap.
 */
import type { ServerResponse } from 'node:http';
import { joinSignals, whenAborted } from '@outboard/async';
import type { EngineEvent } from '@outboard/engine';
import type { EventLog } from './event-log.ts';
import type { EventQuery } from './event-query.ts';

/**
 * Upper bound of unread bytes. Beyond it the connection is cut in the middle of the chunked body, which every client
 * reports as an error, while it would not notice skipped events.
 */
const maxBufferedBytes = 1024 * 1024;

/**
 * Write matching events until the client disconnects, `until` is reached, or the daemon stops. The header is sent at once.
 * @param options.nowNano current time, nanoseconds since the epoch
 */
export async function streamEvents(
  response: ServerResponse,
  log: EventLog,
  query: EventQuery,
  options: { readonly signal: AbortSignal; readonly nowNano: bigint },
): Promise<void> {
  response.flushHeaders();
  const send = (events: readonly EngineEvent[]) => {
    if (response.destroyed) return;
    const wanted = events.filter((event) => isWithin(event, query) && query.matches(event));
    if (wanted.length === 0) return;
    response.write(wanted.map(log.lineOf).join(''));
    if (response.writableLength > maxBufferedBytes) response.destroy();
  };
  // Reading past events and following new ones is one synchronous step, so that none is lost or sent twice.
  if (query.since !== undefined || query.until !== undefined) send(log.recent());
  if (query.until !== undefined && query.until <= options.nowNano) return;
  // Beyond the longest timer (24 days) the stream stays open without events until the client closes it.
  const timeoutMs =
    query.until === undefined ? undefined : Number((query.until - options.nowNano) / 1_000_000n) + 1;
  using limit = joinSignals([options.signal], { timeoutMs });
  const unfollow = log.follow((event) => send([event]));
  try {
    await whenAborted(limit.signal);
  } finally {
    unfollow();
  }
}

function isWithin(event: EngineEvent, { since, until }: EventQuery): boolean {
  return (since === undefined || event.timeNano >= since) && (until === undefined || event.timeNano <= until);
}
