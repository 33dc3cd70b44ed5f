/**
 * Progress for a client: one JSON object per line, sampled into what the client can take. A slow client sees fewer
 * steps; it never slows the transfer down, and each state of each part always arrives.
 */
import type { ServerResponse } from 'node:http';
import type { ProgressEvent, ReportProgress } from '@outboard/engine';
import { describeError } from './errors.ts';
import { encodeStreamLine } from './json.ts';
import { jsonContentType, type StreamedReply } from './reply.ts';

/** Docker's own interval. */
const sampleMs = 100;
const blobId = /^[0-9a-f]{12}$/;

/**
 * Answer with the progress of an operation.
 * An error before its first step becomes a status, one after it the stream's last line, as in Docker.
 */
export function progressReply(
  operation: (report: ReportProgress) => Promise<unknown>,
  headers: Readonly<Record<string, string>> = {},
): StreamedReply {
  return {
    headers,
    async write(response) {
      const sampler = createSampler(response);
      try {
        await operation(sampler.report);
      } catch (error) {
        if (!sampler.hasReported()) throw error;
        sampler.flush();
        const { message } = describeError(error);
        writeLine(response, { errorDetail: { message }, error: message });
        return error;
      } finally {
        sampler.stop();
      }
      sampler.flush();
      startStream(response);
      return undefined;
    },
  };
}

interface Sampler {
  readonly report: ReportProgress;
  /** Whether a step was reported, so that it is too late for a status. */
  hasReported(): boolean;
  /** Write all that is pending, now. */
  flush(): void;
  /** Write nothing more by itself. */
  stop(): void;
}

/**
 * Keeps the last unwritten figures of each id and writes what is pending at most every 100 ms, and only while the client
 * reads. What is pending is bounded by the operation: one line of figures and a few states per blob, and the few
 * messages between them.
 */
function createSampler(response: ServerResponse): Sampler {
  const pending = new Map<string | symbol, ProgressEvent>();
  let timer: NodeJS.Timeout | undefined;
  let lastFlushAt = Number.NEGATIVE_INFINITY;
  let reported = false;
  let stopped = false;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    lastFlushAt = performance.now();
    for (const event of pending.values()) writeLine(response, toWire(event));
    pending.clear();
  };
  const schedule = () => {
    // A client that does not read is asked again when it does; the steps meanwhile replace each other.
    if (stopped || timer !== undefined || pending.size === 0 || response.writableNeedDrain) return;
    const waitMs = lastFlushAt + sampleMs - performance.now();
    if (waitMs <= 0) flush();
    else timer = setTimeout(flush, waitMs);
  };
  response.on('drain', schedule);
  return {
    report(event) {
      reported = true;
      const key = pendingKey(event);
      // Deleted first, so that the order of lines is the order of the last steps.
      pending.delete(key);
      pending.set(key, event);
      schedule();
    },
    hasReported: () => reported,
    flush,
    stop() {
      stopped = true;
      clearTimeout(timer);
      response.removeListener('drain', schedule);
    },
  };
}

/** What an unwritten step takes the place of: figures that of the same id, states nothing, since users read each. */
function pendingKey({ id, status, current, total }: ProgressEvent): string | symbol {
  if (id === undefined) return Symbol('message');
  return current === undefined && total === undefined ? `${id} ${status}` : id;
}

function startStream(response: ServerResponse): void {
  if (response.headersSent) return;
  response.setHeader('Content-Type', jsonContentType);
  response.flushHeaders();
}

function writeLine(response: ServerResponse, line: object): void {
  startStream(response);
  response.write(`${encodeStreamLine(line)}\r\n`);
}

/** @see moby pkg/streamformatter and pkg/jsonmessage for the keys and when they are absent */
function toWire(event: ProgressEvent): object {
  if (event.result !== undefined) {
    const { tag, digest, size } = event.result;
    return { progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } };
  }
  if (event.id === undefined) return { status: event.status };
  // Only parts of a transfer are drawn in place; the first line of a pull carries the tag and is a message.
  if (!blobId.test(event.id)) return { status: event.status, id: event.id };
  const progressDetail = {
    ...(event.current ? { current: event.current } : {}),
    ...(event.total ? { total: event.total } : {}),
  };
  return { status: event.status, progressDetail, id: event.id };
}
