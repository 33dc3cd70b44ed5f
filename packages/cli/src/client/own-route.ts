/**
 * Outboard's own routes. Docker Engine does not have them, and an authorization plugin that was written for Docker's
 * routes may deny them.
 */
import { CommandError, DaemonError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import type { EngineClient } from './engine-client.ts';
import { pluginPath } from './plugin-path.ts';

/** Path of an own route for one plugin. @param action such as `/restart` */
export function ownPluginPath(name: string, action: string): string {
  return `/outboard/v1${pluginPath(name, action)}`;
}

/**
 * Ask for details that Docker's routes lack.
 * @returns undefined when there is no such route or it is denied: the caller then uses Docker's routes alone
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
 * Ask for something that Docker's routes cannot do.
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

/**
 * Require a daemon that knows the parameters which Docker's routes have with Outboard only; Docker Engine ignores them.
 * @param purpose such as `choose platforms`
 * @throws {CommandError} if it is another daemon
 */
export async function requireOutboard(client: EngineClient, purpose: string): Promise<void> {
  const version = await client.call({ method: 'GET', path: '/version' });
  if (asText(field(field(version, 'Platform'), 'Name')) === 'Outboard') return;
  throw new CommandError(`this daemon cannot ${purpose}`);
}
