/**
 * The lifetime of one exchange until the end of its body: the caller's signal and the deadlines.
 */
import type { Readable } from 'node:stream';
import { type Clock, onAbort } from '@outboard/async';
import type { Dispatcher } from 'undici';
import { OutboardError } from '../../../errors/outboard-error.ts';
import { redactUrl } from '../failures/registry-error.ts';
import { TransientFailure } from '../failures/retry.ts';
import type { HttpRequest } from './http-request.ts';
import { type StallLimits, watchForStall } from './stall-watch.ts';

/** A running exchange. */
export interface ExchangeScope {
  /** Aborts with the caller's reason, or with a `TransientFailure` when the server is too slow. */
  readonly signal: AbortSignal;
  /** The request's body; sending it is watched for stalls. */
  readonly body: NonNullable<Dispatcher.RequestOptions['body']> | null;
  /** End the deadline for the head of the response. */
  answered(): void;
  /** Milliseconds since the last byte was sent, or since the start; 0 once the response started. */
  idleMs(): number;
  /** End the exchange. */
  release(): void;
}

/** Bytes per millisecond that a registry is assumed to store: it hashes and moves a large blob after the upload. */
const storedPerMs = 10_000;

/** Open the scope of a request; release it when the body of the response is closed. */
export function openExchangeScope(request: HttpRequest, clock: Clock, limits: StallLimits): ExchangeScope {
  const controller = new AbortController();
  const stall = (error: OutboardError) => controller.abort(new TransientFailure(error));
  const stopListening = onAbort(request.signal, (reason) => controller.abort(reason));
  let movedAt = clock.monotonicMs();
  const moved = () => {
    movedAt = clock.monotonicMs();
  };
  const deadline = watchDeadline(request, { clock, limits, stall, moved });
  return {
    signal: controller.signal,
    body: deadline.body,
    answered() {
      deadline.stop();
      movedAt = Number.POSITIVE_INFINITY;
    },
    idleMs: () => Math.max(0, clock.monotonicMs() - movedAt),
    release() {
      deadline.stop();
      stopListening();
    },
  };
}

interface Deadline {
  readonly clock: Clock;
  readonly limits: StallLimits;
  readonly stall: (error: OutboardError) => void;
  readonly moved: () => void;
}

function watchDeadline(
  request: HttpRequest,
  { clock, limits, stall, moved }: Deadline,
): { readonly body: ExchangeScope['body']; stop(): void } {
  const { body } = request;
  const waitMs = limits.windowMs + storeMs(request);
  const awaitAnswer = () => clock.schedule(waitMs, () => stall(noAnswer(request, waitMs)));
  if (body === undefined || body instanceof Uint8Array) {
    return { body: body ?? null, stop: awaitAnswer() };
  }
  let isOver = false;
  const where = `the upload to ${redactUrl(request.url)}`;
  const watch = watchForStall(clock, limits, stall, () => where);
  let stop = watch.stop;
  const onProgress = (bytes: number) => {
    watch.progress(bytes);
    moved();
  };
  const sent = () => {
    watch.stop();
    // A response may arrive before the end of the request's body; no deadline is needed then.
    if (!isOver) stop = awaitAnswer();
  };
  return {
    // undici accepts async iterables too, which its types omit
    body: watchUpload(body.content, onProgress, sent) as unknown as Readable,
    stop() {
      isOver = true;
      stop();
    },
  };
}

/** Time for a registry to store an upload, after its last byte. */
function storeMs({ method, storesBytes = 0 }: HttpRequest): number {
  return method === 'PUT' ? Math.ceil(storesBytes / storedPerMs) : 0;
}

async function* watchUpload(
  content: AsyncIterable<Uint8Array>,
  progress: (bytes: number) => void,
  sent: () => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    progress(chunk.length);
    yield chunk;
  }
  sent();
}

function noAnswer(request: HttpRequest, waitMs: number): OutboardError {
  return new OutboardError(
    'unavailable',
    `failed to do request: ${request.method} "${redactUrl(request.url)}": no answer in ${waitMs / 1000} s`,
    { details: { idleMs: waitMs } },
  );
}
