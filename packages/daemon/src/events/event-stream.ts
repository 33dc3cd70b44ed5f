/**
 * Streams events to one client: first the past it asked for, then what happens, in order and without a gap.
 */
import type { ServerResponse } from 'node:http';
import type { EngineEvent } from '@outboard/engine';
import { encodeEvent } from './event-document.ts';
import type { EventLog } from './event-log.ts';
import type { EventQuery } from './event-query.ts';

/**
 * What a client may leave unread. Then its connection is cut in the middle of the chunked body, which every client
 * reports as an error; a gap it would not notice.
 */
const maxBufferedBytes = 1024 * 1024;
const longestTimerMs = 2 ** 31 - 1;

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
  const unfollow = log.follow(send);
  try {
    await untilOver(options.signal, query.until === undefined ? undefined : query.until - options.nowNano);
  } finally {
    unfollow();
  }
}

function isWithin(event: EngineEvent, { since, until }: EventQuery): boolean {
  return (since === undefined || event.timeNano >= since) && (until === undefined || event.timeNano <= until);
}

/** Resolves when the signal aborts or the time is up, whichever comes first. */
function untilOver(signal: AbortSignal, nanoseconds: bigint | undefined): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const milliseconds = nanoseconds === undefined ? Infinity : Number(nanoseconds / 1_000_000n) + 1;
    // A time beyond what timers can wait for (24 days) is left to the client; later events are not sent anyway.
    if (milliseconds <= longestTimerMs) timer = setTimeout(over, milliseconds);
    signal.addEventListener('abort', over);
    if (signal.aborted) over();
  });
}
