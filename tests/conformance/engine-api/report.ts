/**
 * What a run tells: a line for each case that is not simply right, and the counts.
 */
import type { CaseResult } from './run-case.ts';

type Counts = Readonly<Record<CaseResult['outcome'], number>>;

/** How many cases ended in which way. */
export function countOutcomes(results: readonly CaseResult[]): Counts {
  const counts = { passed: 0, differs: 0, failed: 0, skipped: 0 };
  for (const { outcome } of results) counts[outcome] += 1;
  return counts;
}

/** The text for one result; undefined when there is nothing to say of it. */
export function formatResult({ id, title, version, outcome, details }: CaseResult): string | undefined {
  const where = `${id} (${version}): ${title}`;
  switch (outcome) {
    case 'passed':
      return undefined;
    case 'differs':
      return `differs, as listed: ${where}\n    ${details.join('\n    ')}`;
    case 'skipped':
      return `skipped: ${where}\n    ${details.join('\n    ')}`;
    case 'failed':
      return `FAILED: ${where}\n    ${details.join('\n    ')}`;
  }
}

/** The last line of a run. */
export function formatCounts({ passed, differs, failed, skipped }: Counts): string {
  return `${passed} passed, ${differs} differ as listed, ${failed} failed, ${skipped} skipped`;
}
