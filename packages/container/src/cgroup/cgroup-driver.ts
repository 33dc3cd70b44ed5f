/**
 * Cgroup drivers: the creator of a container's cgroup, and its path. Where systemd runs the host it owns the whole
 * tree, and disables controllers below every cgroup that it did not create. There each container gets a scope, whose
 * limits systemd keeps; elsewhere the OCI runtime makes plain directories.
 * @see systemd's CGROUP_DELEGATION.md; OCI runtime-spec v1.0.2, config-linux.md, "Cgroups Path"; runc's
 *   docs/systemd.md
 */
import { existsSync } from 'node:fs';
import { OutboardError } from '@outboard/oci';

/** Names of the drivers, as in Docker's `native.cgroupdriver`. */
export const cgroupDrivers = ['systemd', 'cgroupfs'] as const;
/** One of `cgroupDrivers`. */
export type CgroupDriver = (typeof cgroupDrivers)[number];

/** The cgroup of one container. */
export type ContainerCgroup =
  /** Path absolute, below the root of every hierarchy. */
  | { readonly driver: 'cgroupfs'; readonly path: string }
  /** Scope: the systemd unit of the cgroup. */
  | { readonly driver: 'systemd'; readonly path: string; readonly scope: string };

/** Slice of all containers and their monitors. Its name has no dash, which would denote a parent slice. */
export const containerSlice = 'outboard.slice';

/** Directory that exists where systemd booted the host. @see sd_booted(3) */
const bootedMark = '/run/systemd/system';

/**
 * Choose the driver: the configured one, or the one that fits the host.
 * @param mark path that exists where systemd runs the host
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
 * Create the `linux.cgroupsPath` of a container. A plain directory has no parent, since a shared parent could not be
 * removed safely.
 * @param id of the container
 */
export function createCgroupsPath(id: string, driver: CgroupDriver): string {
  return driver === 'systemd' ? `${containerSlice}:outboard:${id}` : `/outboard-${id}`;
}

/** All cgroups that a container may have of which only the ID is known. */
export function possibleCgroups(id: string): readonly ContainerCgroup[] {
  return cgroupDrivers.map((driver) => requireCgroup(createCgroupsPath(id, driver)));
}

/**
 * Parse a cgroups path. @returns undefined unless it is a clean absolute path or `SLICE:PREFIX:NAME` with a top-level
 * slice
 */
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
 * Find the real cgroup of a container that was just created: the requested one or, for crun in a scope, a child of
 * it. Its limits and the cgroups of its commands are there.
 * @param memberships of its first process, as in `/proc/<pid>/cgroup`
 * @see cgroups(7), "/proc files"; crun(1), "run.oci.systemd.subgroup"
 */
export function locateCgroup({ path }: ContainerCgroup, memberships: string): string {
  const found = memberships.split('\n').map((line) => line.split(':').slice(2).join(':'));
  return found.find((each) => each.startsWith(`${path}/`)) ?? path;
}

/** As `parseCgroupsPath`. @throws {OutboardError} invalid in place of undefined */
export function requireCgroup(cgroupsPath: string): ContainerCgroup {
  const cgroup = parseCgroupsPath(cgroupsPath);
  if (cgroup !== undefined) return cgroup;
  throw new OutboardError(
    'invalid',
    `cgroups path "${cgroupsPath}" is neither absolute nor SLICE:PREFIX:NAME`,
  );
}
