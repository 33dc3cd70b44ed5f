/**
 * What a listed difference consists of.
 */
import type { Expectation } from '../conformance-case.ts';

/** One answer of Docker Engine 20.10 that is not Outboard's. */
export interface Difference {
  /** The case's id. */
  readonly case: string;
  /** Which answer of the case: 0 (default) for the request, 1 for the first thing asked afterwards, and so on. */
  readonly step?: number;
  /** What Docker answers; a number: the same as Outboard but for the status. `crash`: the whole engine ends (20.10). */
  readonly docker: Expectation | number | 'crash';
  /** What to say of both answers where they do not speak for themselves. */
  readonly words?: { readonly docker: string; readonly outboard: string };
}

/** Differences that have one reason. */
export interface DifferenceGroup {
  /** Heading in the documentation. */
  readonly title: string;
  /** Why Outboard answers otherwise. */
  readonly reason: string;
  readonly differences: readonly Difference[];
}

/** Several cases that have the same difference. */
export function each(
  ids: readonly string[],
  docker: Difference['docker'],
  words?: Difference['words'],
): readonly Difference[] {
  return ids.map((id) => ({ case: id, docker, ...(words === undefined ? {} : { words }) }));
}
