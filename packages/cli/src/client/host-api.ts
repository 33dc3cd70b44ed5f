/**
 * Outboard's own routes about the host and the readiness of plugins.
 */
import { CommandError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import type { EngineClient } from './engine-client.ts';
import { ownPluginPath, requireOwnRoute } from './own-route.ts';

/** Result of one check of the host. */
export interface HostCheck {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly remedy: string;
}

/** Result of waiting for a plugin. */
export interface WaitResult {
  readonly isReady: boolean;
  /** State of a plugin that is not ready. */
  readonly status: string;
  /** Reason of its last failure; empty for none. */
  readonly reason: string;
}

/** The daemon's checks of its host. @throws {CommandError} if there is no daemon, or it is a Docker Engine */
export async function fetchDoctor(client: EngineClient): Promise<readonly HostCheck[]> {
  const path = '/outboard/v1/doctor';
  return parseDoctor(await requireOwnRoute('check its host', () => client.call({ method: 'GET', path })));
}

/** @throws {CommandError} if the value is not a list of checks */
export function parseDoctor(value: unknown): readonly HostCheck[] {
  const checks = field(value, 'Checks');
  if (!Array.isArray(checks))
    throw new CommandError('the daemon answered with something that is not a list of checks');
  return checks.map((check: unknown) => {
    const status = field(check, 'Status');
    return {
      name: asText(field(check, 'Name')),
      // An unknown status of a newer daemon is treated as a failure.
      status: status === 'ok' || status === 'warn' ? status : 'fail',
      message: asText(field(check, 'Message')),
      remedy: asText(field(check, 'Remedy')),
    };
  });
}

/** Wait until a plugin is ready. @param timeoutSeconds 0 for no limit */
export async function waitForPlugin(
  client: EngineClient,
  name: string,
  timeoutSeconds: number,
): Promise<WaitResult> {
  const request = {
    method: 'GET',
    path: ownPluginPath(name, '/wait'),
    query: { timeout: String(timeoutSeconds) },
  } as const;
  const answer = await requireOwnRoute('wait for plugins', () => client.call(request));
  return {
    isReady: field(answer, 'Ready') === true,
    status: asText(field(answer, 'Status')),
    reason: asText(field(answer, 'Reason')),
  };
}

/** The data root of the daemon, on its own host. @throws {CommandError} when it does not say */
export async function fetchDataRoot(client: EngineClient): Promise<string> {
  const root = asText(field(await client.call({ method: 'GET', path: '/info' }), 'DockerRootDir'));
  if (root.startsWith('/')) return root;
  throw new CommandError('the daemon does not say where its data is');
}
