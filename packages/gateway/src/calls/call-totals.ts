/**
 * Figures of calls: numbers and durations, by method.
 */
import { type CallOutcome, callOutcomes } from './call-outcome.ts';

/** Upper bounds of the histograms in seconds: from answers out of memory over mounts to the longest deadline. */
export const callDurationBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 120,
] as const;

/** Calls with one method. */
export interface MethodTotals {
  readonly method: string;
  /** For each of `callDurationBounds`: the number of calls up to that duration. */
  readonly atMost: readonly number[];
  readonly count: number;
  readonly seconds: number;
  readonly outcomes: Readonly<Record<CallOutcome, number>>;
}

/** The calls of one plugin, by method. */
export type CallTotals = readonly MethodTotals[];

interface MutableTotals {
  /** For each bound, the calls between it and the bound before. */
  readonly within: number[];
  count: number;
  seconds: number;
  readonly outcomes: Record<CallOutcome, number>;
}

/** Counts the calls of one plugin. */
export class CallCounter {
  readonly #methods = new Map<string, MutableTotals>();

  /** Count a call. @param method one of a bounded number: each has its own figures */
  add(method: string, outcome: CallOutcome, seconds: number): void {
    const totals = this.#totals(method);
    const index = callDurationBounds.findIndex((bound) => seconds <= bound);
    if (index >= 0) totals.within[index] = (totals.within[index] ?? 0) + 1;
    totals.count += 1;
    totals.seconds += seconds;
    totals.outcomes[outcome] += 1;
  }

  /** The figures so far, sorted by method. */
  totals(): CallTotals {
    return [...this.#methods]
      .map(([method, { within, count, seconds, outcomes }]) => {
        return { method, atMost: sumsOf(within), count, seconds, outcomes: { ...outcomes } };
      })
      .toSorted((a, b) => (a.method < b.method ? -1 : 1));
  }

  #totals(method: string): MutableTotals {
    const known = this.#methods.get(method);
    if (known !== undefined) return known;
    const outcomes = Object.fromEntries(callOutcomes.map((outcome) => [outcome, 0]));
    const totals = {
      within: callDurationBounds.map(() => 0),
      count: 0,
      seconds: 0,
      // Made of just these keys.
      outcomes: outcomes as Record<CallOutcome, number>,
    };
    this.#methods.set(method, totals);
    return totals;
  }
}

/** `[1, 2, 3]` -> `[1, 3, 6]`. */
function sumsOf(numbers: readonly number[]): readonly number[] {
  let sum = 0;
  return numbers.map((number) => {
    sum += number;
    return sum;
  });
}
