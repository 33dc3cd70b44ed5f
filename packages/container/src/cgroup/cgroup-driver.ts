/**
 * Who makes the cgroup of a container, and where it then is. systemd owns the whole tree on the hosts that it runs: it
 * turns controllers off below every cgroup that it did not make itself. There each container has a scope, whose limits
 * are systemd's to keep; elsewhere the OCI runtime makes plain directories.
 * @see systemd's CGROUP_DELEGATION.md; OCI runtime-spec v1.0.2, config-linux.md, "Cgroups Path"; runc's docs/systemd.md
 */
import { existsSync } from 'node:fs';
import { OutboardError } from '@outboard/oci';

/** By the names that Docker gives them in `native.cgroupdriver`. */
export const cgroupDrivers = ['systemd', 'cgroupfs'] as const;
export type CgroupDriver = (typeof cgroupDrivers)[number];

/** The cgroup of one container. */
export type ContainerCgroup =
  /** @param path absolute, below the root of every hierarchy */
  | { readonly driver: 'cgroupfs'; readonly path: string }
  /** @param scope the unit that the cgroup belongs to */
  | { readonly driver: 'systemd'; readonly path: string; readonly scope: string };

/** The slice of all containers and their monitors. It has no dash, which would mean a slice above it. */
export const containerSlice = 'outboard.slice';

/** The directory that systemd makes as it boots. @see sd_booted(3) */
const bootedMark = '/run/systemd/system';

/**
 * The driver that is wanted, or the one that this host calls for.
 * @param mark there where systemd runs
 * @throws {OutboardError} invalid when systemd is wanted on a host that it does not run
 */
export function chooseCgroupDriver(wanted: CgroupDriver | undefined, mark = bootedMark): CgroupDriver {
  const isBooted = existsSync(mark);
  if (wanted === 'systemd' && !isBooted) {
    throw new OutboardError(
      'invalid',
      'cgroup driver "systemd" needs a host that systemd runs, and this one has no "/run/systemd/system": use "cgroupfs"',
    );
  }
  return wanted ?? (isBooted ? 'systemd' : 'cgroupfs');
}

/**
 * The `linux.cgroupsPath` of a container. A plain directory has no parent, which nobody could remove safely.
 * @param id of the container
 */
export function createCgroupsPath(id: string, driver: CgroupDriver): string {
  return driver === 'systemd' ? `${containerSlice}:outboard:${id}` : `/outboard-${id}`;
}

/** Every cgroup that a container may have of which only its ID is known. */
export function possibleCgroups(id: string): readonly ContainerCgroup[] {
  return cgroupDrivers.map((driver) => requireCgroup(createCgroupsPath(id, driver)));
}

/** @returns undefined when a path is neither a clean absolute one nor `SLICE:PREFIX:NAME` with a slice at the top */
export function parseCgroupsPath(cgroupsPath: string): ContainerCgroup | undefined {
  const [, slice, prefix, name] = /^([a-z]+\.slice):([a-z]+):([\w.-]+)$/.exec(cgroupsPath) ?? [];
  if (slice !== undefined) {
    const scope = `${prefix}-${name}.scope`;
    return { driver: 'systemd', path: `/${slice}/${scope}`, scope };
  }
  const isClean = /^\/[^\0]*[^/\0]$/.test(cgroupsPath) && !cgroupsPath.split('/').includes('..');
  return isClean ? { driver: 'cgroupfs', path: cgroupsPath } : undefined;
}

/**
 * Where a container that was just created really is: at the cgroup that its driver was told of or, as crun has it in a
 * scope, in one below. Its limits and the cgroups of commands in it are there.
 * @param memberships of its first process, as in `/proc/<pid>/cgroup`
 * @see cgroups(7), "/proc files"; crun(1), "run.oci.systemd.subgroup"
 */
export function locateCgroup({ path }: ContainerCgroup, memberships: string): string {
  const found = memberships.split('\n').map((line) => line.split(':').slice(2).join(':'));
  return found.find((each) => each.startsWith(`${path}/`)) ?? path;
}

/** As `parseCgroupsPath`. @throws {OutboardError} invalid where that is undefined */
export function requireCgroup(cgroupsPath: string): ContainerCgroup {
  const cgroup = parseCgroupsPath(cgroupsPath);
  if (cgroup !== undefined) return cgroup;
  throw new OutboardError(
    'invalid',
    `cgroups path "${cgroupsPath}" is neither absolute nor SLICE:PREFIX:NAME`,
  );
}
