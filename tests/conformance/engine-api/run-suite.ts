/**
 * Runs the suite, one case after another, because the engine may have other users.
 */
import { createPlace, type Place } from './case-state.ts';
import { allCases } from './cases/all-cases.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { differences } from './differences/all-differences.ts';
import type { EngineUnderTest } from './engine-under-test.ts';
import type { Registries } from './registries.ts';
import { type CaseResult, runCase } from './run-case.ts';
import { versionsOf } from './versions.ts';

/** Number of responses that the suite compares on an engine, by case and version. */
export function countPlanned(engine: Pick<EngineUnderTest, 'apiVersion'>): number {
  return allCases.reduce((sum, subject) => sum + versionsOf(subject, engine).length, 0);
}

/** Run one case at every version that both engine and case name. */
export function runAtAllVersions(place: Place, subject: ConformanceCase): Promise<readonly CaseResult[]> {
  return runCase(place, subject, {
    versions: versionsOf(subject, place.engine),
    differences: place.engine.product === 'docker' ? differences : [],
  });
}

/** Options of a run. */
export interface SuiteOptions {
  /** Prefix of the ids of cases to run; default all. */
  readonly only?: string;
  readonly onResult: (result: CaseResult) => void;
  /** Ends the run after the current case and its clean-up. */
  readonly signal: AbortSignal;
}

/** Run the suite. Everything that it created on the engine is removed at the end, also after an error. */
export async function runSuite(
  engine: EngineUnderTest,
  registries: Registries,
  { only = '', onResult, signal }: SuiteOptions,
): Promise<void> {
  const place = createPlace(engine, registries);
  for (const subject of allCases.filter(({ id }) => id.startsWith(only))) {
    for (const result of await runAtAllVersions(place, subject)) onResult(result);
    if (signal.aborted) return;
  }
}
