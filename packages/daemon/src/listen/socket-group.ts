/**
 * The group whose members may use unix sockets of the API, and its access to their directories: members may pass them, but
 * not list them, and may use nothing else in them.
 */
import { chmod, chown, lstat, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OutboardError } from '@outboard/engine';
import { makeDirectories } from '@outboard/oci';

/** A group whose members have root rights through the API. */
export interface SocketGroup {
  readonly name: string;
  readonly gid: number;
}

/** Default, if the group exists. */
const defaultGroup = 'outboard';

/** Search permission for the group, everything for root. */
const passableMode = 0o710;

/**
 * Find the configured group by name or number.
 * @param name undefined for the default group, which may be missing; empty for no group
 * @throws {OutboardError} invalid if a configured group does not exist
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

/** Create the missing parent directories of a socket, with search permission for the group. */
export async function makeSocketDirectories(path: string, group: SocketGroup | undefined): Promise<void> {
  const created = await makeDirectories(dirname(path), { mode: 0o700 });
  if (group !== undefined) for (const directory of created) await openToGroup(directory, group);
}

/** Give a group search permission for a directory. The files in it must be protected by their own modes. */
export async function openToGroup(directory: string, { gid }: SocketGroup): Promise<void> {
  await chown(directory, 0, gid);
  await chmod(directory, passableMode);
}

/**
 * The first parent directory of a path without search permission for a group.
 * @returns undefined if members can reach the path
 */
export async function firstClosedDirectory(path: string, { gid }: SocketGroup): Promise<string | undefined> {
  const directories: string[] = [];
  for (let directory = dirname(await realpath(path)); ; directory = dirname(directory)) {
    directories.unshift(directory);
    if (directory === dirname(directory)) break;
  }
  for (const directory of directories) {
    const { mode, gid: owner } = await stat(directory);
    // For members of the owning group, the kernel does not check the bits for others.
    if ((mode & (owner === gid ? 0o010 : 0o001)) === 0) return directory;
  }
  return undefined;
}

/** The group that may use a socket by its owner and mode; undefined if only root may. */
export async function groupOfSocket(path: string): Promise<SocketGroup | undefined> {
  const { mode, gid } = await lstat(path);
  if (gid === 0 || (mode & 0o060) !== 0o060) return undefined;
  return await findSocketGroup(String(gid));
}

/** The path of an inherited unix socket; undefined if it has none, or it is not visible in this mount namespace. */
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
