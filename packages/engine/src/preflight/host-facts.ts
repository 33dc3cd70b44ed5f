/**
 * Facts about a host that requirements are assessed by, and the reading of those that every start of a plugin needs.
 */
import { readFile } from 'node:fs/promises';
import {
  type CgroupDriver,
  type FileSystemSpace,
  findBinary,
  hostMounts,
  type MountEntry,
} from '@outboard/container';
import { parseCapabilitySet } from './capability-set.ts';

/** A program by its path, or the reason why it cannot be run. */
export type FoundProgram = { readonly path: string } | { readonly problem: string };

/** A program with its answer to `--version`. */
export type ProgramFacts =
  | { readonly path: string; readonly version: string }
  /** Slow: it did not answer in time, as on a busy host. */
  | { readonly problem: string; readonly isSlow?: boolean };

/** Facts that plugins of all kinds depend on. */
export interface HostSupply {
  readonly runtime: FoundProgram;
  readonly conmon: FoundProgram;
  readonly mounts: readonly MountEntry[];
  /** File systems that the kernel has now; modules may add more. */
  readonly fileSystems: ReadonlySet<string>;
  /** Upper bound of the capabilities of any program started by this process. */
  readonly boundingCapabilities: ReadonlySet<string>;
}

/** A path and the path that is left when its links are followed. */
export interface PlacedDirectory {
  readonly path: string;
  readonly realPath: string;
}

/** A directory that can be reached. */
export interface ReachedDirectory extends PlacedDirectory, FileSystemSpace {}

/** Facts for the doctor. */
export interface HostFacts {
  readonly uid: number;
  /** Such as `6.1.0-18-amd64`. */
  readonly kernelRelease: string;
  readonly runtime: ProgramFacts;
  readonly conmon: ProgramFacts;
  /** Reason why no process can be given namespaces of its own; undefined when one can. */
  readonly namespaceProblem: string | undefined;
  readonly mounts: readonly MountEntry[];
  /** True in a mount namespace of its own: mounts made here are not visible to the rest of the host. */
  readonly hidesMounts: boolean;
  /** The configured driver; undefined for the default of the host. */
  readonly cgroupDriver: CgroupDriver | undefined;
  readonly isRunBySystemd: boolean;
  readonly fileSystems: ReadonlySet<string>;
  readonly hasFuseDevice: boolean;
  /** Capabilities of the kernel that no program started by this process can have. */
  readonly missingCapabilities: readonly string[];
  /** Names of libraries that compression is slower without. */
  readonly missingLibraries: readonly string[];
  readonly dataRoot: ReachedDirectory | { readonly path: string; readonly problem: string };
  readonly execRoot: ReachedDirectory | { readonly path: string; readonly problem: string };
  readonly now: Date;
  /** Undefined when the kernel does not tell. */
  readonly isClockSynchronised: boolean | undefined;
}

/** Read the facts for a preflight. @param runtime name or path of the OCI runtime */
export async function readHostSupply(runtime: string): Promise<HostSupply> {
  const [foundRuntime, conmon, mounts, fileSystems, status] = await Promise.all([
    findProgram(runtime),
    findProgram('conmon'),
    hostMounts.read(),
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
