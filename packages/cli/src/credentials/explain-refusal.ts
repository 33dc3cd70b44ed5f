/**
 * What this program knows of a registry's refusal and the daemon does not: where the credentials came from, or where it
 * looked for some.
 */
import { CommandError, DaemonError } from '../command-error.ts';

/** How Outboard's and Docker's daemons tell that a registry wants other credentials. */
const refusal =
  /\b401 Unauthorized\b|\b403 Forbidden\b|authentication required|no basic auth credentials|requested access to the resource is denied/;

/**
 * Ask a daemon for something that takes a registry.
 * @param credentialsTold a sentence from `registryAuthFor`
 * @throws {CommandError} what was thrown, with that sentence behind a refusal; the daemon's words stay in front
 */
export async function explainRefusal<Result>(
  credentialsTold: string,
  ask: () => Promise<Result>,
): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof CommandError) || !refusal.test(error.message)) throw error;
    if (error instanceof DaemonError)
      throw new DaemonError(error.status, `${error.reason}; ${credentialsTold}`);
    throw new CommandError(`${error.message}; ${credentialsTold}`, {
      exitCode: error.exitCode,
      cause: error,
    });
  }
}
