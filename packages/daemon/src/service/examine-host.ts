/**
 * What a daemon says at its start about a host on which plugins cannot run: better then than at the first plugin.
 */
import { settlesWithin } from '@outboard/async';
import { diagnoseHost, type HostCheck, OutboardError } from '@outboard/engine';
import type { Logger } from 'pino';
import type { Configuration } from '../configuration/configuration.ts';

/** A host that is slow is not waited for longer than this. */
const waitMs = 3_000;

/** @throws {OutboardError} forbidden unless this process is root: nothing at all would work */
export function requireRoot(uid: number | undefined = process.geteuid?.()): void {
  if (uid === 0) return;
  throw new OutboardError(
    'forbidden',
    `must run as root, not as user ${uid}: mounts, cgroups and file owners of plugins are root's to make. ` +
      'Try sudo outboard daemon, or sudo outboard service install --now',
  );
}

/**
 * Look at the host, and log what keeps plugins from running, with what to do.
 * @returns the same in one line; empty when nothing does, or when that is not known in 3 s and comes in the log later
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
