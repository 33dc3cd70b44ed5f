/**
 * The result of checking a plugin, before it is written as text, JSON or JUnit.
 */

/** Weight of a failed check: `error` breaks users, `warning` breaks some of them, `note` is advice. */
export type CheckLevel = 'error' | 'warning' | 'note';

/** The result of one check. */
export interface CheckResult {
  /** Stable, such as `volume/mount-twice`. */
  readonly code: string;
  /** Weight of the findings. */
  readonly level: CheckLevel;
  /** Requirement, as a sentence. */
  readonly title: string;
  readonly status: 'pass' | 'finding' | 'skipped';
  /** Findings; for a skipped check the reason. Empty for one that passed. */
  readonly messages: readonly string[];
  readonly elapsedMs: number;
}

/** The result of all checks of one plugin. */
export interface CheckReport {
  /** As the caller named it. */
  readonly plugin: string;
  /** Capabilities that it declares, such as `volumedriver`. */
  readonly kinds: readonly string[];
  readonly results: readonly CheckResult[];
}

/** The results with findings, the hardest first. */
export function findingsOf(report: CheckReport): readonly CheckResult[] {
  const order: readonly CheckLevel[] = ['error', 'warning', 'note'];
  return order.flatMap((level) =>
    report.results.filter((result) => result.status === 'finding' && result.level === level),
  );
}

/** True when a check failed whose level is an error, or with `strict` a warning. */
export function hasFailed(
  report: CheckReport,
  { strict = false }: { readonly strict?: boolean | undefined } = {},
): boolean {
  return findingsOf(report).some(({ level }) => level === 'error' || (strict && level === 'warning'));
}
