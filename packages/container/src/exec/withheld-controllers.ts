/**
 * Runs an OCI runtime so that it cannot hand the controllers of a container's cgroup to a cgroup below it. On cgroup v2,
 * runtimes try so when they make a cgroup, and where the upper one has processes the kernel permits it for the controllers of
 * threads alone: the cgroups below are then threaded, and no other command can enter one.
 * @see Linux, Documentation/admin-guide/cgroup-v2.rst, "Threads"
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findCgroupMounts } from '../cgroup/cgroup-mounts.ts';
import { findBinary } from '../linux/find-binary.ts';

/** Covers files, in a mount namespace of its own, and becomes the runtime, which comes after "--". */
const script = 'while [ "$1" != -- ]; do mount --bind /dev/null "$1"; shift; done; shift; exec "$@"';

/**
 * Make a command of one that runs the OCI runtime.
 *
 * @param cgroupPath of the container, below the root of each hierarchy
 * @param command path of the runtime and its arguments
 * @returns the command itself on cgroup v1; the runtime has the pid of the program in any case
 * @throws {OutboardError} system when util-linux or mount are missing
 */
export async function withholdControllers(
  cgroupPath: string,
  command: readonly [program: string, ...args: readonly string[]],
): Promise<readonly [program: string, ...args: readonly string[]]> {
  // A hierarchy may be mounted more than once.
  const files = (await findCgroupMounts())
    .filter(({ version }) => version === 2)
    .map(({ mountPoint }) => join(mountPoint, cgroupPath, 'cgroup.subtree_control'))
    .filter((path) => existsSync(path));
  if (files.length === 0) return command;
  await findBinary('mount');
  const shell = ['/bin/sh', '-euc', script, 'sh', ...files, '--', ...command];
  return [await findBinary('unshare'), '--mount', '--', ...shell];
}
