/**
 * Checks the host when the daemon starts, so that problems are reported before the first plugin fails.
 */
import { settlesWithin } from '@outboard/async';
import { diagnoseHost, type HostCheck, OutboardError } from '@outboard/engine';
import type { Logger } from 'pino';
import type { Configuration } from '../configuration/configuration.ts';

/** Time by which the checks may delay the ready message. */
const waitMs = 3_000;

/**
 * Check that this process is root.
 * @throws {OutboardError} forbidden
 */
export function requireRoot(uid: number | undefined = process.geteuid?.()): void {
  if (uid === 0) return;
  throw new OutboardError(
    'forbidden',
    `must run as root, not as user ${uid}: mounts, cgroups and file owners of plugins need root. ` +
      'Try sudo outboard daemon, or sudo outboard service install --now',
  );
}

/**
 * Check the host, and log each problem that prevents plugins from running, with its remedy.
 * @returns the problems in one line; empty if there is none, or the checks take more than 3 s and are logged later
 */
export async function examineHost(configuration: Configuration, logger: Logger): Promise<string> {
  const examined = diagnoseHost({
    dataRoot: configuration['data-root'],
    execRoot: configuration['exec-root'],
    runtime: configuration.runtime,
  }).then(
    (checks) => report(checks, logger),
    (error: unknown) => {
      logger.warn({ err: error }, 'cannot examine the host');
      return '';
    },
  );
  return (await settlesWithin(examined, waitMs)) ? examined : '';
}

function report(checks: readonly HostCheck[], logger: Logger): string {
  const failed = checks.filter(({ status }) => status === 'fail');
  for (const { name, message, remedy } of failed) {
    logger.error({ check: name, remedy }, `plugins cannot run: ${name}: ${message}`);
  }
  const hidden = checks.find(({ name, status }) => name === 'mount namespace' && status === 'warn');
  if (hidden !== undefined)
    logger.warn({ remedy: hidden.remedy }, `the mount namespace is ${hidden.message}`);
  return failed.map(({ name, message, remedy }) => `${name}: ${message} (${remedy})`).join('; ');
}
