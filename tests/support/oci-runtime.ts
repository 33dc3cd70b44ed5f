/**
 * The OCI runtime that engines and daemons of tests use where a test does not choose one itself.
 */

/** That of the variable `OUTBOARD_TEST_RUNTIME`; undefined for the default one. */
export function testedRuntime(): string | undefined {
  return process.env.OUTBOARD_TEST_RUNTIME;
}
