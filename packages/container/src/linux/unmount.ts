/**
 * Unmounts file systems below a path. A file system that a container mounted may never answer, and detaching a mount
 * may write to a disk or contact a server that is gone. Each unmount is therefore left to a short-lived child
 * process, like the probes in `file-system-probe.ts`. Trees are detached by their topmost mounts, since the path of a
 * mount below leads through them.
 * @see umount2(2) MNT_DETACH, umount(8)
 */
import { join } from 'node:path';
import { mapBounded } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { createFileSystemProbe, type FileSystemProbe } from './file-system-probe.ts';
import { findBinary } from './find-binary.ts';
import { locate, type MountEntry, mountsBelow } from './mount-table.ts';
import { runProgram } from './run-program.ts';

/** Upper bound for one call, in milliseconds. A mount leaves the table long before its file system is shut down. */
const timeoutMs = 10_000;
/** Time without progress after which a file system counts as not answering, in milliseconds. */
const answerMs = 2_000;
/** Unmounting may uncover covered mounts; each round removes at least one. */
const maxRounds = 64;
const maxFailedRounds = 3;

/**
 * Unmount everything at a path and below it, until the mount table shows nothing left. Mounts are detached: processes
 * that use them keep them, but no path leads to them any more.
 * @throws {OutboardError} system when a mount stays for 10 s
 */
export async function unmountBelow(path: string): Promise<void> {
  const { left, reason } = await detachAll(async () => topmost(await mountsBelow(path)));
  if (left === undefined) return;
  throw new OutboardError(
    'system',
    `cannot unmount everything below ${JSON.stringify(path)}: ${JSON.stringify(left.mountPoint)} stays${reason}`,
  );
}

/**
 * Unmount everything at some paths below a directory, as the mount table names them, so that no link of a hostile
 * process is followed. A mount that stays is no error.
 * @param paths relative to the directory
 */
export async function unmountAt(directory: string, paths: readonly string[]): Promise<void> {
  const root = await locate(directory);
  if (root === undefined) return;
  const roots = paths.map((path) => join(root, Buffer.from(path, 'utf8').toString('latin1')));
  await detachAll(async () =>
    topmost(
      (await mountsBelow(directory)).filter(({ mountPoint }) =>
        roots.some((path) => mountPoint === path || mountPoint.startsWith(`${path}/`)),
      ),
    ),
  );
}

/**
 * Unmount FUSE file systems at a path and below it whose server process is gone: they answer ENOTCONN for ever. File
 * systems of the kernel (ext4, NFS, tmpfs) and of running servers stay, and so do those that do not answer. A mount
 * that stays is no error.
 * @param beforeDetach called once for each of them; must not reject
 */
export async function unmountDead(
  path: string,
  beforeDetach: (mount: MountEntry) => Promise<void> = async () => undefined,
): Promise<void> {
  const kept = new Set<number>();
  const told = new Set<number>();
  await detachAll(async () => {
    const mounts = (await mountsBelow(path)).filter(({ id }) => !kept.has(id));
    const probe = createFileSystemProbe({ idleMs: answerMs });
    // A path reaches only the topmost of the mounts at it.
    const shown = new Map(mounts.toReversed().map((mount) => [mount.mountPoint, mount]));
    const served = [...shown.values()].filter(isServed);
    // One child process each.
    const areDead = await mapBounded(served, ({ mountPoint }) => isDead(mountPoint, probe));
    for (const [index, { id }] of served.entries()) if (areDead[index] !== true) kept.add(id);
    const dead = topmost(served.filter(({ id }) => !kept.has(id)));
    for (const mount of dead.filter(({ id }) => !told.has(id))) {
      told.add(mount.id);
      await beforeDetach(mount);
    }
    return dead;
  });
}

async function isDead(mountPoint: string, probe: FileSystemProbe): Promise<boolean> {
  const path = decodeUtf8(mountPoint);
  if (path === undefined) return false;
  // The kernel may still know the status of the root of a file system whose server has just ended, never its free space.
  const results = [await probe.space(path), await probe.status(path, { followLinks: false })];
  return results.some((result) => result.kind === 'unreachable' && result.reason === deadReason);
}

/** ENOTCONN. */
const deadReason = 'transport endpoint is not connected';

/** Detach mounts until `find` returns none. @returns a mount that stays, if any, and the reason */
async function detachAll(
  find: () => Promise<readonly MountEntry[]>,
): Promise<{ readonly left?: MountEntry; readonly reason: string }> {
  const deadline = performance.now() + timeoutMs;
  let reason = '';
  for (let round = 0, failedRounds = 0; ; round += 1) {
    const mounts = await find();
    const [left] = mounts;
    if (left === undefined) return { reason };
    // A mount that has disappeared by itself fails too, and uncovers others.
    const isHopeless = failedRounds >= maxFailedRounds || round >= maxRounds;
    if (isHopeless || performance.now() >= deadline) return { left, reason };
    let isFailed = true;
    for (const { mountPoint } of mounts) {
      const failure = await detach(mountPoint, Math.max(1, deadline - performance.now()));
      if (failure === undefined) isFailed = false;
      else reason = `: ${failure}`;
    }
    failedRounds = isFailed ? failedRounds + 1 : 0;
  }
}

/**
 * Mounts without another mount at a parent path. Of several mounts at one path all are kept, and detached in turn.
 */
function topmost(mounts: readonly MountEntry[]): readonly MountEntry[] {
  const points = new Set(mounts.map(({ mountPoint }) => mountPoint));
  return mounts.filter(({ mountPoint }) => {
    for (let end = mountPoint.lastIndexOf('/'); end > 0; end = mountPoint.lastIndexOf('/', end - 1)) {
      if (points.has(mountPoint.slice(0, end))) return false;
    }
    return true;
  });
}

/** True for a file system that a process serves. */
function isServed({ fileSystem }: MountEntry): boolean {
  return /^fuse(?:blk|\.|$)/.test(fileSystem);
}

/**
 * Detach a mount by its literal path: umount(8) then resolves no link, runs no helper, and does not access the file
 * system.
 * @returns reason of a failure; the mount table tells whether it failed
 */
async function detach(mountPoint: string, limitMs: number): Promise<string | undefined> {
  const umount = await findBinary('umount');
  const limit = { timeoutMs: limitMs };
  const name = decodeUtf8(mountPoint);
  try {
    const { code, stderr } =
      name === undefined
        ? await runProgram('/bin/sh', ['-c', detachEncoded, umount, encodeOctal(mountPoint)], limit)
        : await runProgram(umount, [...umountOptions, name], limit);
    return code === 0 ? undefined : stderr.trim().slice(0, 1024) || `umount ended with code ${code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const umountOptions = ['--lazy', '--no-canonicalize', '--internal-only', '--'];
/** Arguments of programs are UTF-8 here, file names are any bytes: other names are passed to a shell in octal. */
const detachEncoded = `name=$(printf '%bx' "$1"); exec "$0" ${umountOptions.join(' ')} "\${name%x}"`;

/** Decode bytes. @param bytes as `latin1` text @returns undefined when they are not UTF-8 */
function decodeUtf8(bytes: string): string | undefined {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return Buffer.from(text, 'utf8').toString('latin1') === bytes ? text : undefined;
}

function encodeOctal(bytes: string): string {
  return [...Buffer.from(bytes, 'latin1')].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
}
