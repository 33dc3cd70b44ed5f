/**
 * `outboard daemon doctor`: checks the host for a daemon that does not run, with that daemon's own configuration.
 */
import { diagnoseHost } from '@outboard/engine';
import { loadConfiguration } from '../configuration/load-configuration.ts';
import type { DaemonFlags } from '../configuration/parse-flags.ts';
import { toDoctorDocument } from '../host/doctor-document.ts';

/**
 * Print the checks as the API answers them, on standard output.
 * @returns the exit code: 0 whatever was found
 * @throws {OutboardError} when the configuration is wrong
 */
export async function runDoctor({ configuration, configFile }: DaemonFlags): Promise<number> {
  const loaded = await loadConfiguration(configuration, configFile);
  const checks = await diagnoseHost({
    dataRoot: loaded['data-root'],
    execRoot: loaded['exec-root'],
    runtime: loaded.runtime,
    cgroupDriver: loaded['cgroup-driver'],
  });
  process.stdout.write(`${JSON.stringify(toDoctorDocument(checks))}\n`);
  return 0;
}
