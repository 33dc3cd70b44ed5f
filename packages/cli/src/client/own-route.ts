/**
 * Outboard's own routes, which a Docker Engine has not, and which an authorization plugin that was written for Docker's
 * routes may deny.
 */
import { CommandError, DaemonError } from '../command-error.ts';

/**
 * Ask what Docker's routes tell less of.
 * @returns undefined when there is no such route or it may not be used: then Docker's routes show what they can
 */
export async function askOwnRoute<Answer>(call: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof DaemonError && (error.status === 404 || error.status === 403)) return undefined;
    throw error;
  }
}

/**
 * Ask for what Docker has no route for.
 * @param purpose such as `restart plugins`
 * @throws {CommandError} if the daemon has no such route
 */
export async function requireOwnRoute<Answer>(purpose: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    const isMissing =
      error instanceof DaemonError && error.status === 404 && /^page not found/.test(error.reason);
    if (!isMissing) throw error;
    throw new CommandError(`this daemon cannot ${purpose}`, { cause: error });
  }
}
