/**
 * Runs the checks of a plugin that runs, one after the other, each within its time.
 */
import { type Clock, joinSignals, rejectOnAbort } from '@outboard/async';
import { runningChecks } from './check-table.ts';
import type { Check } from './kinds/check.ts';
import { kindsOf } from './kinds/representative-call.ts';
import type { CheckResult } from './report/check-report.ts';
import { CheckFailure, CheckSkipped } from './session/check-failure.ts';
import type { CheckSession } from './session/check-session.ts';

/** Limit for one check. */
const checkTimeoutMs = 60_000;

/** Choices for a run. */
export interface RunOptions {
  readonly isSelected: (code: string) => boolean;
  /** After it, checks are skipped. */
  readonly endsAtMs: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called for each result. */
  readonly onResult: (result: CheckResult) => void;
}

/** Make all selected checks of the plugin's kinds. @throws the reason of the session's signal */
export async function runChecks(session: CheckSession, options: RunOptions): Promise<void> {
  const kinds = kindsOf(session);
  const checks = runningChecks.filter(
    ({ code, kind }) => options.isSelected(code) && (kind === undefined || kinds.includes(kind)),
  );
  let obstacle: string | undefined;
  for (const check of checks) {
    if (options.clock.monotonicMs() > options.endsAtMs) obstacle ??= 'the time for all checks is over';
    const startedAtMs = options.clock.monotonicMs();
    const { gone, ...outcome } = obstacle === undefined ? await attempt(check, session) : skipped(obstacle);
    obstacle ??= gone;
    const { code, level, title } = check;
    options.onResult({
      code,
      level,
      title,
      ...outcome,
      elapsedMs: options.clock.monotonicMs() - startedAtMs,
    });
  }
}

/** The result of one check. `gone`: the plugin cannot be checked any more, and why. */
interface Outcome extends Pick<CheckResult, 'status' | 'messages'> {
  readonly gone?: string | undefined;
}

/** Results of checks that were not made, for one reason. */
export function skipped(reason: string): Outcome {
  return { status: 'skipped', messages: [reason] };
}

async function attempt(check: Check, session: CheckSession): Promise<Outcome> {
  let outcome: Outcome = { status: 'finding', messages: [] };
  try {
    outcome = await runOne(check, session);
    const end = await session.findEnd();
    if (end === undefined || outcome.gone !== undefined) return outcome;
    return {
      status: 'finding',
      messages: [...outcome.messages, `the plugin ended during this check: ${end}`],
    };
  } catch (error) {
    session.signal.throwIfAborted();
    if (!(error instanceof CheckFailure)) throw error;
    return { status: 'finding', messages: [...outcome.messages, error.message], gone: error.message };
  }
}

async function runOne({ run }: Check, session: CheckSession): Promise<Outcome> {
  using limit = joinSignals([session.signal], { timeoutMs: checkTimeoutMs });
  try {
    await rejectOnAbort(run(session), limit.signal);
    // A plugin that has ended is noticed by a call at the latest.
    await session.call('Plugin.Activate');
    return { status: 'pass', messages: [] };
  } catch (error) {
    session.signal.throwIfAborted();
    if (error instanceof CheckSkipped) return skipped(error.message);
    if (error instanceof CheckFailure) return { status: 'finding', messages: [error.message] };
    if (!limit.signal.aborted) throw error;
    // Ends also the calls that are still waiting.
    const messages = [`no end within ${checkTimeoutMs / 1000} s`];
    const gone = await session.crash().then(() => undefined, describeFailure);
    return gone === undefined
      ? { status: 'finding', messages }
      : { status: 'finding', messages: [...messages, gone], gone };
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof CheckFailure) return error.message;
  throw error;
}
