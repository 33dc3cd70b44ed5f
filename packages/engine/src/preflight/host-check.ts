/**
 * What the doctor says about one thing of the host.
 */
export interface HostCheck {
  /** What was looked at, such as `kernel`. */
  readonly name: string;
  /** `warn`: plugins run, and something may not work; `fail`: plugins cannot run. */
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was seen. */
  readonly message: string;
  /** What to do; empty when all is well. */
  readonly remedy: string;
}
