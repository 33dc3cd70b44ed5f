/**
 * Outboard's own routes about the host and about when plugins are ready.
 */
import { CommandError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import type { EngineClient } from './engine-client.ts';
import { requireOwnRoute } from './own-route.ts';
import { pluginPath } from './plugin-api.ts';

/** What the doctor says about one thing. */
export interface HostCheck {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly remedy: string;
}

/** Whether a plugin became ready in time, and what it does if not. */
export interface WaitResult {
  readonly isReady: boolean;
  readonly status: string;
  readonly reason: string;
}

/** @throws {CommandError} if there is no daemon, or it is a Docker Engine */
export async function fetchDoctor(client: EngineClient): Promise<readonly HostCheck[]> {
  return parseDoctor(await callOwn(client, '/outboard/v1/doctor', {}, 'check its host'));
}

/** @throws {CommandError} if the value is not what the doctor says */
export function parseDoctor(value: unknown): readonly HostCheck[] {
  const checks = field(value, 'Checks');
  if (!Array.isArray(checks))
    throw new CommandError('the daemon answered with something that is not a diagnosis');
  return checks.map((check: unknown) => {
    const status = field(check, 'Status');
    return {
      name: asText(field(check, 'Name')),
      // What is not understood is no good news.
      status: status === 'ok' || status === 'warn' ? status : 'fail',
      message: asText(field(check, 'Message')),
      remedy: asText(field(check, 'Remedy')),
    };
  });
}

/** @param timeoutSeconds 0 for no limit */
export async function waitForPlugin(
  client: EngineClient,
  name: string,
  timeoutSeconds: number,
): Promise<WaitResult> {
  const path = `/outboard/v1${pluginPath(name, '/wait')}`;
  const answer = await callOwn(
    client,
    path,
    { timeout: String(timeoutSeconds) },
    'tell when plugins are ready',
  );
  return {
    isReady: field(answer, 'Ready') === true,
    status: asText(field(answer, 'Status')),
    reason: asText(field(answer, 'Reason')),
  };
}

async function callOwn(
  client: EngineClient,
  path: string,
  query: Readonly<Record<string, string>>,
  purpose: string,
): Promise<unknown> {
  return await requireOwnRoute(purpose, () => client.call({ method: 'GET', path, query }));
}
