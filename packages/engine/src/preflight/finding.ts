/**
 * What a host does not provide, told so that someone can act on it.
 */

/** One thing that is missing or wrong. */
export interface Finding {
  /** What it is about, such as `mount "state"` or `conmon`. */
  readonly what: string;
  /** What is wrong, as a sentence that stands alone; Docker's where it has one. */
  readonly why: string;
  /** What to do about it. */
  readonly remedy: string;
  /** Whose: what the plugin was told to use, or what every plugin needs of the host. */
  readonly concerns: 'plugin' | 'host';
  /** Whether the plugin cannot start like this; otherwise it starts, and something may not work. */
  readonly isFatal: boolean;
}
