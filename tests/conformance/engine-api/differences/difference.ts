/**
 * The parts of a listed difference.
 */
import type { Expectation } from '../conformance-case.ts';

/** One answer of Docker Engine 20.10 that differs from Outboard's. */
export interface Difference {
  /** The case's id. */
  readonly case: string;
  /** Index of the response: 0 (default) for the request, 1 for the first request afterwards, and so on. */
  readonly step?: number;
  /** Answer of Docker; a number: the same as Outboard with this status. `crash`: the whole engine crashes (20.10). */
  readonly docker: Expectation | number | 'crash';
  /** Text for both answers, where status and message do not describe them. */
  readonly words?: { readonly docker: string; readonly outboard: string };
}

/** Differences with one reason. */
export interface DifferenceGroup {
  /** Heading in the documentation. */
  readonly title: string;
  /** Reason for the difference. */
  readonly reason: string;
  readonly differences: readonly Difference[];
}

/** Several cases with the same difference. */
export function each(
  ids: readonly string[],
  docker: Difference['docker'],
  words?: Difference['words'],
): readonly Difference[] {
  return ids.map((id) => ({ case: id, docker, ...(words === undefined ? {} : { words }) }));
}
