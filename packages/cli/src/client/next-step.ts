/**
 * The command to type after a refusal. Docker's text comes first, for scripts that match it.
 */
import { DaemonError } from '../command-error.ts';

/**
 * Run a step, and append a command to the daemon's refusal.
 * @param refusal pattern of refusals that the command resolves
 * @throws {DaemonError} with the command after the daemon's message
 */
export async function withNextStep(
  refusal: RegExp,
  command: string,
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof DaemonError) || !refusal.test(error.reason)) throw error;
    throw new DaemonError(error.status, `${error.reason}: ${command}`);
  }
}
