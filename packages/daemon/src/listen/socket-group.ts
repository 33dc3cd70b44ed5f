/**
 * The group whose members may use the API over unix sockets, and the way of its members to a socket: through folders that
 * they may pass and not read, and in which nothing else is open to them.
 */
import { chmod, chown, lstat, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OutboardError } from '@outboard/engine';
import { makeDirectories } from '@outboard/oci';

/** Members of it are as good as root. */
export interface SocketGroup {
  readonly name: string;
  readonly gid: number;
}

/** Used when it exists and nothing else is configured. */
export const defaultGroup = 'outboard';

/** Passed by group, read by root alone. */
const passableMode = 0o710;

/**
 * Find the group that the configuration names, by name or number.
 * @param name undefined for the default one, which need not exist; empty for none
 * @throws {OutboardError} invalid if a group was named and does not exist
 */
export async function findSocketGroup(name: string | undefined): Promise<SocketGroup | undefined> {
  if (name === '') return undefined;
  const wanted = name ?? defaultGroup;
  const groups = await readFile('/etc/group', 'utf8').catch(ignoreMissing);
  for (const line of groups?.split('\n') ?? []) {
    const [group = '', , gid = ''] = line.split(':');
    if ((group === wanted || gid === wanted) && /^\d+$/.test(gid)) return { name: group, gid: Number(gid) };
  }
  if (/^\d{1,10}$/.test(wanted) && Number(wanted) < 2 ** 32 - 1) return { name: wanted, gid: Number(wanted) };
  if (name === undefined) return undefined;
  throw new OutboardError(
    'invalid',
    `group ${JSON.stringify(name)} does not exist: groupadd --system ${name}, or name another with --group`,
  );
}

/** Make the folders that are missing above a socket: for root alone, or for the group to pass. */
export async function makeSocketDirectories(path: string, group: SocketGroup | undefined): Promise<void> {
  const made = await makeDirectories(dirname(path), { mode: 0o700 });
  if (group !== undefined) for (const folder of made) await openToGroup(folder, group);
}

/** Let a group pass a folder; what is in it is for those who made that to protect. */
export async function openToGroup(folder: string, { gid }: SocketGroup): Promise<void> {
  await chown(folder, 0, gid);
  await chmod(folder, passableMode);
}

/**
 * The first folder on the way to a path that a group may not pass.
 * @returns undefined when its members reach the path
 */
export async function firstClosedDirectory(path: string, { gid }: SocketGroup): Promise<string | undefined> {
  const folders: string[] = [];
  for (let folder = dirname(await realpath(path)); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  for (const folder of folders) {
    const { mode, gid: owner } = await stat(folder);
    // Of a member of the group that owns a folder, the bits for others are not asked.
    if ((mode & (owner === gid ? 0o010 : 0o001)) === 0) return folder;
  }
  return undefined;
}

/** The group that a socket is open to by its owner and mode, as a service manager made it; undefined for root's alone. */
export async function groupOfSocket(path: string): Promise<SocketGroup | undefined> {
  const { mode, gid } = await lstat(path);
  if (gid === 0 || (mode & 0o060) !== 0o060) return undefined;
  return await findSocketGroup(String(gid));
}

/** Where a unix socket that was passed to this process lies; undefined when it has no path, or that cannot be found out. */
export async function pathOfDescriptor(descriptor: number): Promise<string | undefined> {
  const inode = /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/self/fd/${descriptor}`))?.[1];
  const sockets = await readFile('/proc/net/unix', 'utf8');
  for (const line of sockets.split('\n')) {
    // Num RefCount Protocol Flags Type St Inode Path
    const [, own, path] = /^\S+ \S+ \S+ \S+ \S+ \S+ +(\d+) (\/.*)$/.exec(line) ?? [];
    if (own === inode && path !== undefined) return path;
  }
  return undefined;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
