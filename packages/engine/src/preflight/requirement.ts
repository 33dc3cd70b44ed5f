/**
 * Requirements on a host, in one form for the doctor, which shows all of them, and for the preflight of a plugin, which
 * refuses a start because of those that no plugin can do without.
 */

/** Result of one requirement on one host. */
export interface Assessment {
  /** `warn`: plugins run, and something may not work; `fail`: plugins cannot run. */
  readonly status: 'ok' | 'warn' | 'fail';
  /** The facts of the host, as a sentence or phrase that stands alone. */
  readonly message: string;
  /** Steps that meet the requirement; empty when it is met. */
  readonly remedy: string;
}

/** An assessment with the name of its requirement: one line of the doctor. */
export interface HostCheck extends Assessment {
  /** Such as `kernel`. */
  readonly name: string;
}

/** One row of a table of requirements. Pure: facts in, assessment out. */
export interface Requirement<Facts> {
  readonly name: string;
  assess(facts: Facts): Assessment;
}

/** A requirement that is met. */
export function ok(message: string): Assessment {
  return { status: 'ok', message, remedy: '' };
}

/** A requirement of some plugins that is not met. */
export function warn(message: string, remedy: string): Assessment {
  return { status: 'warn', message, remedy };
}

/** A requirement of every plugin that is not met. */
export function fail(message: string, remedy: string): Assessment {
  return { status: 'fail', message, remedy };
}

/** Assess every row of a table, in its order. */
export function assessAll<Facts>(
  requirements: readonly Requirement<Facts>[],
  facts: Facts,
): readonly HostCheck[] {
  return requirements.map((requirement) => ({ name: requirement.name, ...requirement.assess(facts) }));
}
