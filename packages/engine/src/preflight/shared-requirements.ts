/**
 * Requirements that both the doctor and the preflight of a plugin assess, each with one set of texts.
 */
import type { CgroupDriver, MountEntry } from '@outboard/container';
import type { FoundProgram, PlacedDirectory, ProgramFacts } from './host-facts.ts';
import { mountOfPath } from './mount-of-path.ts';
import { type Assessment, fail, ok, type Requirement, warn } from './requirement.ts';

/** Facts that these requirements take. The preflight knows fewer than the doctor. */
export interface SharedFacts {
  readonly runtime: FoundProgram | ProgramFacts;
  readonly conmon: FoundProgram | ProgramFacts;
  readonly mounts: readonly MountEntry[];
  /** The configured driver; undefined for the default of the host. */
  readonly cgroupDriver?: CgroupDriver | undefined;
  /** Undefined: not asked. */
  readonly isRunBySystemd?: boolean | undefined;
  /** Capabilities that are needed and cannot be given. */
  readonly missingCapabilities: readonly string[];
  /** True when the plugin that is started needs the capabilities; else some plugin may. */
  readonly areCapabilitiesNeeded?: boolean | undefined;
  readonly dataRoot: PlacedDirectory | { readonly path: string; readonly problem: string };
}

/** A program that answers `--version`, or that was found at least. */
export const ociRuntime: Requirement<SharedFacts> = {
  name: 'OCI runtime',
  assess: ({ runtime }) =>
    assessProgram(runtime, 'install the Debian package "runc", or name another with --runtime'),
};

/** The monitor that keeps containers while the daemon is away. */
export const containerMonitor: Requirement<SharedFacts> = {
  name: 'conmon',
  assess: ({ conmon }) => assessProgram(conmon, 'install the Debian package "conmon"'),
};

/** Control groups that can be created, by a driver that fits the host. */
export const controlGroups: Requirement<SharedFacts> = { name: 'cgroups', assess: assessCgroups };

/** Capabilities that this process can pass on. */
export const capabilities: Requirement<SharedFacts> = {
  name: 'capabilities',
  assess({ missingCapabilities: missing, areCapabilitiesNeeded }) {
    if (missing.length === 0) return ok('all');
    const message = `the daemon cannot give ${missing.join(', ')}: its own bounding set of capabilities lacks them`;
    const remedy =
      'run the daemon as root of the host, without CapabilityBoundingSet= or a container around it';
    return areCapabilitiesNeeded === true ? fail(message, remedy) : warn(message, remedy);
  },
};

/** A data root whose programs can be executed. */
export const dataRoot: Requirement<SharedFacts> = { name: 'data root', assess: assessDataRoot };

function assessProgram(program: SharedFacts['runtime'], remedy: string): Assessment {
  if (!('problem' in program)) {
    return ok('version' in program ? `${program.path} ${program.version}` : program.path);
  }
  const isSlow = 'isSlow' in program && program.isSlow === true;
  if (isSlow) return warn(program.problem, 'check again when the host is less busy');
  return fail(program.problem, remedy);
}

function assessCgroups({ mounts, runtime, cgroupDriver, isRunBySystemd }: SharedFacts): Assessment {
  const mode = cgroupMode(mounts);
  if (mode === undefined) {
    return fail('no cgroup file system is mounted', 'mount -t cgroup2 none /sys/fs/cgroup');
  }
  if (areCgroupsReadOnly(mounts)) {
    const remedy = 'mount -o remount,rw /sys/fs/cgroup, or start the container around it with --privileged';
    return fail('the cgroup file system is mounted read-only', remedy);
  }
  const isCrun = 'path' in runtime && /\/crun$/.test(runtime.path);
  if (mode === 'hybrid' && isCrun) {
    return fail('hybrid (v1 and v2), which crun does not run on', 'use runc: --runtime runc');
  }
  if (cgroupDriver === 'systemd' && isRunBySystemd === false) {
    return fail(`${mode}, and systemd does not run this host`, 'use --cgroup-driver cgroupfs');
  }
  if (cgroupDriver === 'cgroupfs' && isRunBySystemd === true) {
    const message = `${mode}, created by the OCI runtime on a host of systemd, which turns limits off silently`;
    return warn(message, 'remove --cgroup-driver cgroupfs, then restart the plugins');
  }
  return ok(isRunBySystemd === true ? `${mode}, made by systemd` : mode);
}

/** True when control groups are mounted and none can be created, as in a container without privileges. */
function areCgroupsReadOnly(mounts: readonly MountEntry[]): boolean {
  const cgroups = mounts.filter(({ fileSystem }) => fileSystem === 'cgroup' || fileSystem === 'cgroup2');
  return cgroups.length > 0 && cgroups.every(({ options }) => options.includes('ro'));
}

/** @returns undefined when control groups are not mounted */
function cgroupMode(mounts: readonly MountEntry[]): 'v1' | 'hybrid' | 'v2' | undefined {
  const hasV1 = mounts.some(({ fileSystem }) => fileSystem === 'cgroup');
  const hasV2 = mounts.some(({ fileSystem }) => fileSystem === 'cgroup2');
  if (hasV1) return hasV2 ? 'hybrid' : 'v1';
  return hasV2 ? 'v2' : undefined;
}

/** Options of a mount that restrict the plugins on it, and their opposites. */
const restrictions = [
  ['noexec', 'exec'],
  ['nosuid', 'suid'],
  ['nodev', 'dev'],
] as const;

function assessDataRoot({ mounts, dataRoot: directory }: SharedFacts): Assessment {
  if ('problem' in directory) return unreachableDirectory(directory.problem);
  const mount = mountOfPath(mounts, directory.realPath);
  const found = restrictions.filter(([option]) => mount?.options.includes(option));
  if (mount === undefined || found.length === 0) {
    return ok(`${directory.path} on ${mount?.fileSystem ?? 'an unknown file system'}`);
  }
  const names = found.map(([option]) => JSON.stringify(option)).join(', ');
  const message = `${directory.path} is on ${JSON.stringify(mount.mountPoint)}, which is mounted with ${names}`;
  const opposites = found.map(([, opposite]) => opposite).join(',');
  const remedy = `mount -o remount,${opposites} ${mount.mountPoint}, or use another --data-root`;
  return found.some(([option]) => option === 'noexec') ? fail(message, remedy) : warn(message, remedy);
}

/** A directory on a file system that does not answer, or that has gone. */
export function unreachableDirectory(problem: string): Assessment {
  return fail(problem, 'bring the file system back, or name another directory');
}
