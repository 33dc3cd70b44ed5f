/**
 * Counts processes of a container that the kernel killed for lack of memory. The kernel counts by cgroup and does not
 * distinguish processes of the container's program from exec commands. Those are recorded here and subtracted, since
 * they say nothing about the program.
 * @see Documentation/admin-guide/cgroup-v2.rst "memory.events", cgroup-v1/memory.rst "memory.oom_control"
 */
import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../linux/errno.ts';
import { findCgroupMounts, mayControl } from './cgroup-mounts.ts';
import { findField, readOptional } from './controller-files.ts';

/**
 * Kills of all processes in a cgroup, exec commands included; undefined when it is gone, or the host does not count.
 */
export async function countOutOfMemoryKills(cgroupPath: string): Promise<number | undefined> {
  let kills: number | undefined;
  for (const mount of await findCgroupMounts()) {
    if (!mayControl(mount, 'memory')) continue;
    const file = mount.version === 1 ? 'memory.oom_control' : 'memory.events';
    const count = findField(await readOptional(join(mount.mountPoint, cgroupPath, file)), 'oom_kill');
    if (count !== undefined) kills = Math.max(kills ?? 0, count);
  }
  return kills;
}

/** Kills without those of exec commands; undefined as above. @param killedCommandsPath file of the killed commands */
export async function countOwnKills(
  cgroupPath: string,
  killedCommandsPath: string,
): Promise<number | undefined> {
  const kills = await countOutOfMemoryKills(cgroupPath);
  if (kills === undefined || kills === 0) return kills;
  return Math.max(0, kills - (await countKilledCommands(killedCommandsPath)));
}

/** Record that an exec command was killed for lack of memory, as one byte of the file. */
export async function noteKilledCommand(killedCommandsPath: string): Promise<void> {
  try {
    await appendFile(killedCommandsPath, '.', { mode: 0o600 });
  } catch (error) {
    // The container has ended, and its bundle is gone.
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
}

async function countKilledCommands(killedCommandsPath: string): Promise<number> {
  try {
    return (await stat(killedCommandsPath)).size;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 0;
    throw error;
  }
}
