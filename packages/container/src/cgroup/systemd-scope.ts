/**
 * Scopes of systemd: units of processes that systemd did not start. The OCI runtime asks for that of a container; the one
 * of its monitor is asked for here. Both are apart from the daemon's own unit, so that no signal to it reaches them.
 * @see systemd.scope(5), systemd-run(1); systemd 252
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from '../linux/find-binary.ts';
import { runProgram } from '../linux/run-program.ts';
import { containerSlice } from './cgroup-driver.ts';

/**
 * As the host shuts down, whoever is `After=` the daemon ends first, then the daemon, then its plugins: those that use
 * a plugin can write to the end.
 */
const daemonUnit = 'outboard.service';

/** systemd keeps the definition of a transient unit there for as long as it knows the unit. */
const transientUnits = '/run/systemd/transient';

/** In properties of systemd that are numbers. */
const infinity = 2n ** 64n - 1n;

/** A program to start. */
export interface ProgramCall {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * The annotations of a container's runtime spec by which runc and crun pass properties of its scope on. That by which crun
 * has no cgroup below the scope (`run.oci.systemd.subgroup`) is not among them: crun writes limits into the cgroup and tells
 * systemd of none, which takes them away from a scope itself whenever it reads its units anew.
 * @param options.limitsTasks whether the runtime bounds processes and threads; else systemd would, by a default of its own
 * @param options.stopTimeoutMs how long its processes may take to end when systemd stops the scope
 * @see runc's docs/systemd.md, "Auxiliary properties"; crun(1), "systemd properties" and "run.oci.systemd.subgroup"
 */
export function scopeAnnotations(options: {
  readonly limitsTasks: boolean;
  readonly stopTimeoutMs: number;
}): Readonly<Record<string, string>> {
  // 0 would be no bound at all.
  const stopTimeoutUs = Math.max(1, Math.round(options.stopTimeoutMs)) * 1000;
  const prefix = 'org.systemd.property.';
  return {
    [`${prefix}Before`]: `['${daemonUnit}']`,
    // One that failed would stand in the way of the next of its name.
    [`${prefix}CollectMode`]: "'inactive-or-failed'",
    [`${prefix}TimeoutStopUSec`]: `uint64 ${stopTimeoutUs}`,
    ...(!options.limitsTasks && { [`${prefix}TasksMax`]: `uint64 ${infinity}` }),
  };
}

/**
 * The same program in a scope of its own: `systemd-run` makes the scope around itself, waits until it is there, and
 * becomes the program, which so keeps pid, parent and descriptors.
 * @param unit name of the scope; one that was never used
 * @param description for people
 * @throws {OutboardError} system when this host has no `systemd-run`
 */
export async function inScope(unit: string, description: string, call: ProgramCall): Promise<ProgramCall> {
  const options = [
    ...['--scope', '--quiet', '--collect', '--no-ask-password'],
    ...[`--unit=${unit}`, `--description=${description}`, `--slice=${containerSlice}`],
    ...['--property=DefaultDependencies=no', `--property=Before=${daemonUnit}`],
  ];
  return { file: await findBinary('systemd-run'), args: [...options, '--', call.file, ...call.args] };
}

/** Stop a scope that systemd still knows; the next of its name could not be made. Its processes have ended. */
export async function endScope(unit: string, options: { readonly timeoutMs: number }): Promise<void> {
  if (!existsSync(join(transientUnits, unit))) return;
  // One that ended meanwhile is unknown, which is an exit code like any other; should it stay, the next start tells.
  await runProgram(await findBinary('systemctl'), ['--quiet', 'stop', unit], options);
}
