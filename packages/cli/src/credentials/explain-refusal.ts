/**
 * Adds to a registry's refusal where the credentials came from, which only this program knows.
 */
import { CommandError, DaemonError } from '../command-error.ts';

/** Errors of Outboard's and Docker's daemons for credentials that a registry refused. */
const refusal =
  /\b401 Unauthorized\b|\b403 Forbidden\b|authentication required|no basic auth credentials|requested access to the resource is denied/;

/**
 * Run a request that needs a registry.
 * @param note `RegistryAuth.note`, appended to a refusal
 * @throws {CommandError} the error of the request; for a refusal with the note after the daemon's message
 */
export async function explainRefusal<Result>(note: string, request: () => Promise<Result>): Promise<Result> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof CommandError) || !refusal.test(error.message)) throw error;
    if (error instanceof DaemonError) throw new DaemonError(error.status, `${error.reason}; ${note}`);
    throw new CommandError(`${error.message}; ${note}`, {
      exitCode: error.exitCode,
      cause: error,
    });
  }
}
