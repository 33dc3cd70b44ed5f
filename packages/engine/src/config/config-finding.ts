/**
 * Findings about a plugin that its author made: in its config, and in its root filesystem. Creation, pull, and the checks
 * for authors judge by the same list.
 */
import { isOutboardError, OutboardError } from '@outboard/oci';

/**
 * Consequence of a finding, the hardest first:
 * - `refused`: neither created nor pulled, because it is not safe or has no meaning
 * - `mistake`: not created; installed plugins may have it
 * - `flaw`: the plugin can be stored and can never be enabled, or lacks what its author wanted; Docker stores it
 * - `warning`: works, but not as it reads
 */
export type FindingSeverity = 'refused' | 'mistake' | 'flaw' | 'warning';

/** One fault. */
export interface ConfigFinding {
  /** Stable, such as `config/unknown-key`; docs/conformance.md explains each. */
  readonly code: string;
  readonly severity: FindingSeverity;
  /** One line: the field, its value, and what would be right. */
  readonly message: string;
}

/** Takes findings in the order of their discovery. */
export interface Findings {
  add(severity: FindingSeverity, code: string, message: string): void;
  /** Run a check that refuses by an error. @returns undefined when it did, which is noted */
  attempt<T>(code: string, check: () => T): T | undefined;
}

/** Collect findings in a list. */
export function collectFindings(list: ConfigFinding[]): Findings {
  const add: Findings['add'] = (severity, code, message) => void list.push({ severity, code, message });
  return {
    add,
    attempt(code, check) {
      try {
        return check();
      } catch (error) {
        if (!isOutboardError(error, 'invalid')) throw error;
        add('refused', code, error.message);
        return undefined;
      }
    },
  };
}

/**
 * Refuse the first of the findings that has one of the severities.
 * @throws {OutboardError} invalid
 */
export function refuseFindings(
  findings: readonly ConfigFinding[],
  severities: readonly FindingSeverity[],
): void {
  const first = findings.find(({ severity }) => severities.includes(severity));
  if (first !== undefined) throw new OutboardError('invalid', first.message);
}

/** The messages of findings, each once. */
export function messagesOf(findings: readonly ConfigFinding[]): readonly string[] {
  return [...new Set(findings.map(({ message }) => message))];
}
