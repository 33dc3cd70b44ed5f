/**
 * The form of the table of flags, and the values that commander reads for it.
 */

/** Forms of a flag's argument. */
export type FlagArgument =
  | 'decimal'
  | 'duration'
  | 'health check'
  | 'open files'
  | 'process count'
  | 'restart policy'
  | 'security option'
  | 'size'
  | 'switch'
  | 'text'
  | 'whole number';

/** One row of the table. */
export interface OptionFlag {
  /** As commander writes it, such as `-m, --memory <bytes>`. */
  readonly flag: string;
  readonly argument: FlagArgument;
  /** Fields of the request's body that the flag sets, such as `Limits.MemoryBytes`. */
  readonly fields: readonly [string, ...string[]];
  readonly help: string;
  /** Flag with the opposite meaning. */
  readonly opposite?: { readonly flag: string; readonly help: string } | undefined;
}

/** Values by attribute, as commander gives them. A repeatable flag has a list. */
export interface OptionFlags {
  readonly [attribute: string]: string | boolean | readonly string[] | undefined;
}
