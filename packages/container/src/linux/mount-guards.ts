/**
 * Guards the directories below mounts that died: while nothing is mounted there, nobody can write to them. A process that
 * takes such a path for its volume gets an error; without the guard its data would go to the file system of the host, also
 * after a new mount was made, for a container that has bound the directory in between.
 *
 * A guard is the immutable flag, which outlives every process. Each is noted before it is set, so that it can always be lifted.
 */
import { readdir, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex, digestOf, makeDirectories } from '@outboard/oci';
import { isErrno } from './errno.ts';
import { setImmutable } from './immutable-directory.ts';

/** Where the mounts of a plugin are, and their guards. */
export interface GuardedMounts {
  /** Directory of the notes: links whose targets are the paths below `propagatedMount`. Created with the first one. */
  readonly mountGuards: string;
  /** Directory whose path is trusted; the tree below it may be hostile. */
  readonly propagatedMount: string;
}

/**
 * Guard the directory below a mount, before the mount is detached. Does nothing for a path that is not below the propagated
 * mount, for one that is no directory, and on a file system without the flag.
 * @param mountPoint path on the host
 * @throws when the note cannot be written, or the flag cannot be set
 */
export async function guardMountPoint(mounts: GuardedMounts, mountPoint: string): Promise<void> {
  const path = await pathBelow(mounts, mountPoint);
  if (path === undefined) return;
  await makeDirectories(mounts.mountGuards, { mode: 0o700 });
  const note = join(mounts.mountGuards, noteOf(path));
  try {
    await symlink(path, note);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
  if (!setImmutable(mounts.propagatedMount, path.split('/'), true)) await rm(note, { force: true });
}

/** Lift the guard of one mount point. Nothing happens when there is none. @throws when the flag cannot be cleared */
export async function liftGuard(mounts: GuardedMounts, mountPoint: string): Promise<void> {
  const path = await pathBelow(mounts, mountPoint);
  if (path !== undefined && (await notesIn(mounts)).includes(noteOf(path))) await lift(mounts, path);
}

/**
 * Lift all guards but those of some mount points. A directory that was moved meanwhile keeps its flag until it is deleted.
 * @param kept paths on the host
 * @throws when a flag cannot be cleared
 */
export async function liftGuards(mounts: GuardedMounts, kept: readonly string[] = []): Promise<void> {
  const notes = await notesIn(mounts);
  if (notes.length === 0) return;
  const paths = await Promise.all(kept.map((path) => pathBelow(mounts, path)));
  for (const note of notes) {
    const path = await readlink(join(mounts.mountGuards, note));
    if (!paths.includes(path)) await lift(mounts, path);
  }
}

async function lift(mounts: GuardedMounts, path: string): Promise<void> {
  try {
    setImmutable(mounts.propagatedMount, path.split('/'), false);
  } catch (error) {
    // The whole tree is gone.
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
  await rm(join(mounts.mountGuards, noteOf(path)), { force: true });
}

/** The path of a mount point below the propagated mount; undefined for any other. */
async function pathBelow(
  { propagatedMount }: GuardedMounts,
  mountPoint: string,
): Promise<string | undefined> {
  const roots = [propagatedMount, await realpath(propagatedMount).catch(() => propagatedMount)];
  const root = roots.find((one) => mountPoint.startsWith(`${one}/`));
  const path = root === undefined ? '' : mountPoint.slice(root.length + 1);
  const isClean = path.split('/').every((name) => !['', '.', '..'].includes(name));
  return isClean ? path : undefined;
}

function noteOf(path: string): string {
  return digestHex(digestOf(Buffer.from(path))).slice(0, 32);
}

async function notesIn({ mountGuards }: GuardedMounts): Promise<readonly string[]> {
  try {
    return await readdir(mountGuards);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
