/**
 * Keeps dead mounts where no path of theirs leads, so that a new mount reaches the containers that hold them. A container
 * binds a mount, and its bind is a slave of the mount's peer group. When the dead mount is detached, the group has no
 * member left on the host, and nothing propagates into the container any more. A bind of the dead mount, made before it is
 * detached, stays in the group: a mount on top of that bind propagates to every bind that is a slave or a peer of it.
 * Binds that are private, and binds of directories inside the mount, are out of reach.
 * @see mount_namespaces(7) "SHARED SUBTREES"
 */
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex, digestOf, makeDirectories, OutboardError } from '@outboard/oci';
import { isErrno } from './errno.ts';
import { findBinary } from './find-binary.ts';
import { mount, mountFlags } from './mount.ts';
import { type MountEntry, readMountTable } from './mount-table.ts';
import { runProgram } from './run-program.ts';
import { unmountBelow } from './unmount.ts';

/** Dead mounts that are kept for one mount point; containers that hold older ones are out of reach. */
const maxBuried = 8;
const timeoutMs = 10_000;

/**
 * Keep a dead mount, or one that is about to die. Does nothing when it is kept already.
 * @param graves directory for dead mounts; created if absent, and made a private mount, so that they are seen nowhere else
 * @param mountPoint of the dead mount, which the caller detaches afterwards
 * @throws {OutboardError} system when it cannot be kept
 */
export async function buryMount(graves: string, mountPoint: string): Promise<void> {
  await makePrivateMount(graves);
  const place = placeOf(graves, mountPoint);
  await makeDirectories(place, { mode: 0o700 });
  const numbers = await numbersIn(place);
  const device = (await entriesAt(mountPoint)).at(-1)?.device;
  for (const number of numbers) if ((await deviceIn(place, number)) === device) return;
  const grave = join(place, String((numbers.at(-1) ?? 0) + 1));
  await mkdir(grave);
  try {
    await bind(mountPoint, grave);
  } catch (error) {
    await rmdir(grave);
    throw error;
  }
  for (const oldest of numbers.slice(0, Math.max(0, numbers.length + 1 - maxBuried))) {
    await openGrave(join(place, String(oldest)));
  }
}

/**
 * Mount what is at a mount point now on top of the dead mounts that were there before.
 * @returns their devices
 * @throws {OutboardError} system when it cannot be mounted there
 */
export async function reviveMounts(graves: string, mountPoint: string): Promise<readonly string[]> {
  const place = placeOf(graves, mountPoint);
  const devices: string[] = [];
  for (const number of await numbersIn(place)) {
    const grave = join(place, String(number));
    const device = await deviceIn(place, number);
    // Left by a process that was killed, or unmounted by an operator.
    if (device === undefined) {
      await rmdir(grave);
      continue;
    }
    devices.push(device);
    // That of an earlier revival, which is dead as well.
    while ((await entriesAt(grave)).length > 1) await unmountTop(grave);
    await bind(mountPoint, grave);
  }
  return devices;
}

/**
 * Give up the dead mounts of mount points that nobody holds any more. Their slaves keep what they have.
 * @param held mount points on the host
 */
export async function forgetBuried(graves: string, held: readonly string[]): Promise<void> {
  const kept = new Set(held.map((mountPoint) => placeOf(graves, mountPoint)));
  for (const name of await namesIn(graves)) {
    const place = join(graves, name);
    if (kept.has(place)) continue;
    for (const number of await numbersIn(place)) await openGrave(join(place, String(number)));
    await rmdir(place);
  }
}

/** The device of a dead mount; undefined when it is gone. */
async function deviceIn(place: string, number: number): Promise<string | undefined> {
  return (await entriesAt(join(place, String(number))))[0]?.device;
}

async function openGrave(grave: string): Promise<void> {
  await unmountBelow(grave);
  await rmdir(grave);
}

function placeOf(graves: string, mountPoint: string): string {
  return join(graves, digestHex(digestOf(Buffer.from(mountPoint))).slice(0, 32));
}

/** Mounts at a path without links, bottom first. The path is not accessed: it may be on a file system that does not answer. */
async function entriesAt(path: string): Promise<readonly MountEntry[]> {
  const bytes = Buffer.from(path, 'utf8').toString('latin1');
  return (await readMountTable()).filter(({ mountPoint }) => mountPoint === bytes);
}

async function makePrivateMount(path: string): Promise<void> {
  await makeDirectories(path, { mode: 0o700 });
  if ((await entriesAt(path)).length > 0) return;
  mount(path, path, mountFlags.bind);
  mount('none', path, mountFlags.private);
}

/** In a child process, since a path may lead through a file system that does not answer. */
async function bind(source: string, target: string): Promise<void> {
  await run('mount', ['--no-canonicalize', '--internal-only', '--no-mtab', '--bind', source, target]);
}

async function unmountTop(path: string): Promise<void> {
  await run('umount', ['--lazy', '--no-canonicalize', '--internal-only', '--', path]);
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(await findBinary(program), args, { timeoutMs });
  if (code === 0) return;
  throw new OutboardError('system', `${program} ${args.at(-1)} failed: ${stderr.trim().slice(0, 1024)}`);
}

/** Sorted numbers of the graves in a place. */
async function numbersIn(place: string): Promise<readonly number[]> {
  return (await namesIn(place)).map(Number).sort((a, b) => a - b);
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
