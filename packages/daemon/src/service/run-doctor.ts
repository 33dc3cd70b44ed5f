/**
 * `outboard daemon doctor`: checks the host with the configuration of a daemon that does not run.
 */
import { diagnoseHost } from '@outboard/engine';
import { loadConfiguration } from '../configuration/load-configuration.ts';
import type { DaemonFlags } from '../configuration/parse-flags.ts';
import { loadRegistries } from '../configuration/registries.ts';
import { toDoctorDocument } from '../host/doctor-document.ts';
import { checkRegistries, unusableRegistries } from '../host/registries-check.ts';

/**
 * Print the checks on standard output, in the form of the API.
 * @returns the exit code: 0, also with problems
 * @throws {OutboardError} if the configuration is wrong
 */
export async function runDoctor({ configuration, configFile }: DaemonFlags): Promise<number> {
  const loaded = await loadConfiguration(configuration, configFile);
  const checks = await diagnoseHost({
    dataRoot: loaded['data-root'],
    execRoot: loaded['exec-root'],
    runtime: loaded.runtime,
    cgroupDriver: loaded['cgroup-driver'],
  });
  const registries = await loadRegistries(loaded, process.env).then(checkRegistries, unusableRegistries);
  process.stdout.write(`${JSON.stringify(toDoctorDocument([...checks, registries]))}\n`);
  return 0;
}
