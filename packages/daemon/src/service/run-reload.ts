/**
 * `outboard daemon reload`: for `ExecReload=` of a unit, whose result is so that of the reload.
 */
import { OutboardError } from '@outboard/engine';
import { requestReload } from './reload-report.ts';
import { firstDirectory } from './service-environment.ts';

/**
 * @param env as a service manager sets it
 * @returns the exit code
 * @throws {OutboardError} invalid when nothing tells which daemon; what `requestReload` throws
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
