/**
 * What to type after a refusal. Docker's words stay in front, for scripts that read them.
 */
import { DaemonError } from '../command-error.ts';

/**
 * Do something, and name the next command if the daemon refuses it with these words.
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
