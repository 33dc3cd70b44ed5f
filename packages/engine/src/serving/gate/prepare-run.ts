/**
 * The work between the start of a plugin and its first call.
 */
import { joinSignals, rejectOnAbort } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { BeforeServing } from './plugin-gates.ts';

/** The preparation of one run of a plugin. */
export interface PreparedRun {
  readonly isPreparing: boolean;
  /** Rejects with the first error of the works, or that of `end`. A rejection that nobody awaits is no fault. */
  readonly prepared: Promise<void>;
  /** Settles with `prepared`, and never rejects. */
  readonly settled: Promise<void>;
  /** The plugin has ended: abort the work that is under way. */
  end(reason: Error): void;
}

/** The longest preparation, in milliseconds. */
const longestPreparationMs = 60_000;

/** Run the works of one plugin one after another. Errors are logged. */
export function prepareRun(id: string, works: readonly BeforeServing[], logger: Logger): PreparedRun {
  const ended = new AbortController();
  let isPreparing = works.length > 0;
  const prepared = runWorks(id, works, ended.signal);
  const settled = prepared.then(
    () => {
      isPreparing = false;
    },
    (error: unknown) => {
      isPreparing = false;
      if (!ended.signal.aborted) logger.error({ err: error, id }, 'cannot prepare a plugin for its calls');
    },
  );
  return {
    get isPreparing() {
      return isPreparing;
    },
    prepared,
    settled,
    end: (reason) => ended.abort(reason),
  };
}

async function runWorks(id: string, works: readonly BeforeServing[], ended: AbortSignal): Promise<void> {
  if (works.length === 0) return;
  using limit = joinSignals([ended], { timeoutMs: longestPreparationMs, timeoutReason: tookTooLong });
  const { signal } = limit;
  let failure: { readonly error: unknown } | undefined;
  for (const work of works) {
    signal.throwIfAborted();
    try {
      // Also a work that does not watch its signal must not keep the gate closed.
      await rejectOnAbort(work(id, signal), signal);
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}

function tookTooLong(): OutboardError {
  const message = `a plugin was not prepared for its calls within ${longestPreparationMs / 1000} s`;
  return new OutboardError('unavailable', message, { code: 'plugin-not-ready' });
}
