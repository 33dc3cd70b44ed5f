/**
 * `outboard daemon reload`: for `ExecReload=` of a unit, so that `systemctl reload` fails if the reload does.
 */
import { OutboardError } from '@outboard/engine';
import { requestReload } from './reload-report.ts';
import { firstDirectory } from './service-environment.ts';

/**
 * Request a reload of the service's daemon, and wait for its result.
 * @param env as the service manager sets it
 * @returns the exit code
 * @throws {OutboardError} invalid if the environment names no daemon; the errors of `requestReload`
 * @see systemd.exec(5), "Environment Variables Set or Propagated by the Service Manager"
 */
export async function runReload(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const { MAINPID: pid = '', RUNTIME_DIRECTORY: directories = '' } = env;
  if (!/^[1-9]\d*$/.test(pid) || !directories.startsWith('/')) {
    throw new OutboardError(
      'invalid',
      '"outboard daemon reload" is for ExecReload= of a unit with RuntimeDirectory=, which sets MAINPID and ' +
        'RUNTIME_DIRECTORY; elsewhere send SIGHUP to the daemon',
    );
  }
  await requestReload(Number(pid), firstDirectory(directories));
  return 0;
}
