/**
 * How many processes of a container the kernel killed because memory ran out. The kernel counts by cgroup, and does not
 * tell processes of the plugin from commands that someone runs beside them: those are noted here and left out, since a
 * plugin is not to blame for them.
 * @see Documentation/admin-guide/cgroup-v2.rst "memory.events", cgroup-v1/memory.rst "memory.oom_control"
 */
import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../linux/errno.ts';
import { findCgroupDirectories } from './cgroup-tree.ts';
import { findField, readOptional } from './controller-files.ts';

/** Of all in a cgroup, commands too; undefined when it is gone, or the host does not count. */
export async function countOutOfMemoryKills(cgroupPath: string): Promise<number | undefined> {
  let kills: number | undefined;
  for (const directory of await findCgroupDirectories(cgroupPath)) {
    for (const file of ['memory.events', 'memory.oom_control']) {
      const count = findField(await readOptional(join(directory, file)), 'oom_kill');
      if (count !== undefined) kills = Math.max(kills ?? 0, count);
    }
  }
  return kills;
}

/** Of the plugin's own processes; undefined as above. */
export async function countOwnKills(
  cgroupPath: string,
  killedCommandsPath: string,
): Promise<number | undefined> {
  const kills = await countOutOfMemoryKills(cgroupPath);
  if (kills === undefined || kills === 0) return kills;
  return Math.max(0, kills - (await countKilledCommands(killedCommandsPath)));
}

/** A command ended by SIGKILL while the kernel counted one more. Each is one byte of the file. */
export async function noteKilledCommand(killedCommandsPath: string): Promise<void> {
  try {
    await appendFile(killedCommandsPath, '.', { mode: 0o600 });
  } catch (error) {
    // The plugin has ended meanwhile, and its bundle is gone.
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
