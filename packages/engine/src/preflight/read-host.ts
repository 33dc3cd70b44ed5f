/**
 * Asks the host what it has of what every plugin needs.
 */
import { readFile } from 'node:fs/promises';
import { findBinary, type MountEntry, readMountTable } from '@outboard/container';
import { parseCapabilitySet } from './capability-set.ts';

/** A program by its path, or why it cannot be run. */
export type FoundProgram = { readonly path: string } | { readonly problem: string };

/** What plugins need of a host, whichever they are. */
export interface HostSupply {
  readonly runtime: FoundProgram;
  readonly conmon: FoundProgram;
  readonly mounts: readonly MountEntry[];
  /** That the kernel has now; more may come with modules. */
  readonly fileSystems: ReadonlySet<string>;
  /** The most that any program started from here can have. */
  readonly boundingCapabilities: ReadonlySet<string>;
}

/** @param runtime name or path of the OCI runtime */
export async function readHostSupply(runtime: string): Promise<HostSupply> {
  const [foundRuntime, conmon, mounts, fileSystems, status] = await Promise.all([
    findProgram(runtime),
    findProgram('conmon'),
    readMountTable(),
    readFile('/proc/filesystems', 'utf8'),
    readFile('/proc/self/status', 'utf8'),
  ]);
  return {
    runtime: foundRuntime,
    conmon,
    mounts,
    fileSystems: new Set(
      fileSystems
        .trim()
        .split('\n')
        .map((line) => line.split('\t')[1] ?? ''),
    ),
    boundingCapabilities: parseCapabilitySet(status, 'CapBnd'),
  };
}

async function findProgram(name: string): Promise<FoundProgram> {
  try {
    return { path: await findBinary(name) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** What to do about `areCgroupsReadOnly`. */
export const readOnlyCgroupsRemedy =
  'mount -o remount,rw /sys/fs/cgroup, or start the container around it with --privileged';

/** Whether control groups are mounted, and none of them can be made: as in a container that may not. */
export function areCgroupsReadOnly(mounts: readonly MountEntry[]): boolean {
  const cgroups = mounts.filter(({ fileSystem }) => fileSystem === 'cgroup' || fileSystem === 'cgroup2');
  return cgroups.length > 0 && cgroups.every(({ options }) => options.includes('ro'));
}

/** How control groups are mounted; undefined when they are not. */
export function cgroupMode(mounts: readonly MountEntry[]): 'v1' | 'hybrid' | 'v2' | undefined {
  const hasV1 = mounts.some(({ fileSystem }) => fileSystem === 'cgroup');
  const hasV2 = mounts.some(({ fileSystem }) => fileSystem === 'cgroup2');
  if (hasV1) return hasV2 ? 'hybrid' : 'v1';
  return hasV2 ? 'v2' : undefined;
}
