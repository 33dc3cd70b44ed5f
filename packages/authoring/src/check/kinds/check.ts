/**
 * The form of a check of a running plugin.
 */
import type { Capability } from '@outboard/engine';
import type { CheckLevel } from '../report/check-report.ts';
import type { CheckSession } from '../session/check-session.ts';

/** One check. A new one is a row in the table of its file, and appears in docs/conformance.md. */
export interface Check {
  /** Stable: `--only`, `--skip` and reports name it. */
  readonly code: string;
  readonly level: CheckLevel;
  /** Requirement, as a sentence. */
  readonly title: string;
  /** Plugins that it is about; default all. */
  readonly kind?: Capability | undefined;
  /**
   * Make the check. It leaves the plugin as it found it, as far as the plugin lets it.
   * @throws {CheckFailure} a finding; {CheckSkipped} when it says nothing about this plugin
   */
  readonly run: (session: CheckSession) => Promise<void>;
}
