/**
 * Progress of an operation as a stream: one JSON object per line, sampled to the speed of the client. A slow client gets
 * fewer figures and never slows the transfer down; no status of a blob is skipped.
 */
import type { ServerResponse } from 'node:http';
import type { ProgressEvent, ReportProgress } from '@outboard/engine';
import { describeError } from './errors.ts';
import { encodeStreamLine } from './json.ts';
import { jsonContentType, type StreamedReply } from './reply.ts';

/** Interval of lines, as in Docker. */
const sampleMs = 100;
const blobId = /^[0-9a-f]{12}$/;

/**
 * Reply with the progress of an operation. As in Docker, an error before the first step becomes the status of the response,
 * a later one the last line of the stream.
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
  /** True once the status of the response is decided. */
  hasReported(): boolean;
  /** Write all pending lines now. */
  flush(): void;
  /** End the timer and the listener. */
  stop(): void;
}

/**
 * Keeps the last unwritten figures of each ID, and writes pending lines at most every 100 ms while the client reads. The
 * number of pending lines is bounded by the operation: figures and a few statuses per blob, and a few messages.
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
    // While the client does not read, new figures replace pending ones; the event `drain` schedules again.
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
      // Deleted first, so that lines are in the order of the last steps.
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

/** Figures replace pending figures of the same ID; every status and message is kept. */
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
  if (event.data !== undefined) return { aux: event.data };
  if (event.id === undefined) return { status: event.status };
  // Clients redraw the line of a blob; the first line of a pull has the tag as ID and is a message.
  if (!blobId.test(event.id)) return { status: event.status, id: event.id };
  const progressDetail = {
    current: event.current || undefined,
    total: event.total || undefined,
  };
  return { status: event.status, progressDetail, id: event.id };
}
