/**
 * Adds to a registry's refusal where the credentials came from, which only this program knows.
 */
import { CommandError, DaemonError } from '../command-error.ts';

/** Errors of Outboard's and Docker's daemons for credentials that a registry refused, or did not get. */
const refusal =
  /\b401 Unauthorized\b|\b403 Forbidden\b|authentication required|no basic auth credentials|asked without credentials|requested access to the resource is denied/;

/** The daemon does not know which file or helper the credentials came from; the note has a command of its own. */
const daemonsAdvice = /; to log in, type: [^;]*/;

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
    const explain = (text: string) => `${text.replace(daemonsAdvice, '')}; ${note}`;
    if (error instanceof DaemonError) throw new DaemonError(error.status, explain(error.reason));
    throw new CommandError(explain(error.message), {
      exitCode: error.exitCode,
      cause: error,
    });
  }
}
