/**
 * What hangs on one exchange until its answer is there and its body is over: the caller's signal and the deadlines.
 */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { OutboardError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { HttpRequest } from './http-request.ts';
import { redactUrl } from './registry-error.ts';
import { TransientFailure } from './retry.ts';
import { type StallLimits, watchForStall } from './stall-watch.ts';

/** One exchange under way. */
export interface ExchangeScope {
  /** Aborts with the caller's reason, or with a `TransientFailure` when the far side is too slow. */
  readonly signal: AbortSignal;
  /** The request's body, its progress watched. */
  readonly body: NonNullable<Dispatcher.RequestOptions['body']> | null;
  /** The head of the answer came: its deadline is over. */
  answered(): void;
  /** The exchange is over. */
  release(): void;
}

/** Time for a registry to store what was uploaded, after its last byte: a large blob is hashed and moved then. */
const storeTimeoutMs = 300_000;

/** Open the scope of a request that is about to be sent; release it when the body of the answer is closed. */
export function openExchangeScope(request: HttpRequest, clock: Clock, limits: StallLimits): ExchangeScope {
  const controller = new AbortController();
  const stall = (error: OutboardError) => controller.abort(new TransientFailure(error));
  const onAbort = () => controller.abort(request.signal?.reason);
  request.signal?.addEventListener('abort', onAbort, { once: true });
  const deadline = watchDeadline(request, clock, limits, stall);
  return {
    signal: controller.signal,
    body: deadline.body,
    answered: deadline.stop,
    release() {
      deadline.stop();
      request.signal?.removeEventListener('abort', onAbort);
    },
  };
}

function watchDeadline(
  request: HttpRequest,
  clock: Clock,
  limits: StallLimits,
  stall: (error: OutboardError) => void,
): { readonly body: ExchangeScope['body']; stop(): void } {
  const { body } = request;
  const waitMs = request.method === 'PUT' ? storeTimeoutMs : limits.windowMs;
  const awaitAnswer = () => clock.schedule(waitMs, () => stall(noAnswer(request, waitMs)));
  if (body === undefined || body instanceof Uint8Array) {
    return { body: body ?? null, stop: awaitAnswer() };
  }
  let isOver = false;
  const watch = watchForStall(clock, limits, stall);
  let stop = watch.stop;
  const sent = () => {
    watch.stop();
    // An answer may overtake the end of the body; nothing is awaited then.
    if (!isOver) stop = awaitAnswer();
  };
  return {
    // undici takes async iterables too, which its types leave out
    body: watchUpload(body.content, watch.progress, sent) as unknown as Readable,
    stop() {
      isOver = true;
      stop();
    },
  };
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
  );
}
