/**
 * Output of a run: a line for each case that did not pass, and the counts.
 */
import type { CaseResult } from './run-case.ts';

type Counts = Readonly<Record<CaseResult['outcome'], number>>;

/** Number of cases by outcome. */
export function countOutcomes(results: readonly CaseResult[]): Counts {
  const counts = { passed: 0, differs: 0, failed: 0, skipped: 0 };
  for (const { outcome } of results) counts[outcome] += 1;
  return counts;
}

/** The text for one result; undefined if it passed. */
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
