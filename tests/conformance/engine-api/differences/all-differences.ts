/**
 * Every answer of Docker Engine 20.10 that differs from Outboard's, by reason. docs/compatibility.md shows the same
 * list.
 */
import type { Expectation } from '../conformance-case.ts';
import type { Difference, DifferenceGroup } from './difference.ts';
import { consent, content, documents, registries, settings, starting } from './plugins.ts';
import { bodies, capabilities, filters, leniency, mistakes, versions } from './requests.ts';

export const differenceGroups: readonly DifferenceGroup[] = [
  consent,
  content,
  settings,
  starting,
  registries,
  mistakes,
  bodies,
  leniency,
  filters,
  capabilities,
  documents,
  versions,
];

/** A difference with the reason of its group. */
export type ListedDifference = Difference & { readonly reason: string };

/** All differences in order. */
export const differences: readonly ListedDifference[] = differenceGroups.flatMap(({ reason, differences }) =>
  differences.map((difference) => ({ ...difference, reason })),
);

/** Answer of Docker, derived from the one of Outboard. @param difference not a crash */
export function dockerAnswer(
  { docker }: { readonly docker: Expectation | number },
  outboard: Expectation,
): Expectation {
  if (typeof docker !== 'number') return docker;
  if (outboard === 'closed') throw new Error('a closed connection has no status that could differ');
  return { ...outboard, status: docker };
}
