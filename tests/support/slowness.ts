/**
 * Deadlines of tests on machines that are slower than most, such as emulated ones. Deadlines of Outboard stay as they are.
 */

/** A deadline in milliseconds, times the variable `OUTBOARD_TEST_SLOWNESS`, default 1. */
export function slowed(milliseconds: number): number {
  return milliseconds * Number(process.env.OUTBOARD_TEST_SLOWNESS ?? 1);
}
