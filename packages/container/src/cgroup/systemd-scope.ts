/**
 * Systemd scopes: units for processes that systemd did not start. The OCI runtime requests the scope of a container;
 * the scope of its monitor is requested here. Both are separate from the daemon's unit, so that no signal to that
 * reaches them.
 * @see systemd.scope(5), systemd-run(1); systemd 252
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from '../linux/find-binary.ts';
import { runProgram } from '../linux/run-program.ts';
import { containerSlice } from './cgroup-driver.ts';

/**
 * At shutdown, units with `After=` the daemon stop first, then the daemon, then its containers, so that users of a
 * container can write until the end.
 */
const daemonUnit = 'outboard.service';

/** Directory in which systemd keeps the definition of a transient unit while it knows the unit. */
const transientUnits = '/run/systemd/transient';

/** Value of numeric systemd properties for "no limit". */
const infinity = 2n ** 64n - 1n;

/** A program and its arguments. */
export interface ProgramCall {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * Annotations of a runtime spec by which runc and crun set properties of the container's scope.
 * `run.oci.systemd.subgroup`, by which crun makes no cgroup below the scope, is not among them: crun writes limits
 * into the cgroup without telling systemd, which resets those of a scope whenever it reloads its units.
 * @param options.limitsTasks whether the spec limits processes and threads; otherwise the default limit of systemd is
 *   lifted
 * @param options.stopTimeoutMs time for the processes to end when systemd stops the scope
 * @see runc's docs/systemd.md, "Auxiliary properties"; crun(1), "systemd properties" and "run.oci.systemd.subgroup"
 */
export function scopeAnnotations(options: {
  readonly limitsTasks: boolean;
  readonly stopTimeoutMs: number;
}): Readonly<Record<string, string>> {
  // 0 would mean no limit.
  const stopTimeoutUs = Math.max(1, Math.round(options.stopTimeoutMs)) * 1000;
  const prefix = 'org.systemd.property.';
  return {
    [`${prefix}Before`]: `['${daemonUnit}']`,
    // A failed scope would block the next one of its name.
    [`${prefix}CollectMode`]: "'inactive-or-failed'",
    [`${prefix}TimeoutStopUSec`]: `uint64 ${stopTimeoutUs}`,
    ...(!options.limitsTasks && { [`${prefix}TasksMax`]: `uint64 ${infinity}` }),
  };
}

/**
 * Run a program in a scope of its own: `systemd-run` creates the scope around itself, waits for it, and executes the
 * program, which keeps pid, parent and descriptors.
 * @param unit unique name of the scope
 * @param description shown by systemctl
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

/** Stop a scope that systemd still knows, since it would block the next one of its name. Its processes have ended. */
export async function endScope(unit: string, options: { readonly timeoutMs: number }): Promise<void> {
  if (!existsSync(join(transientUnits, unit))) return;
  // The exit code is ignored: a scope that has ended is unknown, and one that stays makes the next start fail.
  await runProgram(await findBinary('systemctl'), ['--quiet', 'stop', unit], options);
}
