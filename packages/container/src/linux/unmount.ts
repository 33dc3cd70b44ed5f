/**
 * Takes away mounts below a path. A file system that a plugin mounted may never answer, and letting go of one may write
 * to a disk or ask a server that is gone: so each unmount is left to a short-lived process, as looks are in
 * `ask-file-system.ts`. Trees are detached by their topmost mounts, since the way to a mount below leads through what
 * those hold.
 * @see umount2(2) MNT_DETACH, umount(8)
 */
import { join } from 'node:path';
import { mapBounded } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { createFileSystemProbe, type FileSystemProbe } from './file-system-probe.ts';
import { findBinary } from './find-binary.ts';
import { locate, type MountEntry, mountsBelow } from './mount-table.ts';
import { runProgram } from './run-program.ts';

/** For all of it together, in milliseconds. A mount is out of the table long before its file system has let go. */
const timeoutMs = 10_000;
/** How long nothing may go on while file systems are asked, in milliseconds. */
const answerMs = 2_000;
/** Unmounting may uncover mounts that were below others; each round takes at least one away. */
const maxRounds = 64;
const maxFailedRounds = 3;

/**
 * Unmount everything at a path and below it, until the table shows nothing left.
 * Mounts are detached: what still uses them keeps them until it ends, but no path below leads to them.
 * @throws {OutboardError} system when a mount stays, within 10 s
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
 * Unmount everything at some places below a path, as the table names them: a link that someone hostile put there is not
 * followed. Nothing is thrown for what stays.
 * @param places relative
 */
export async function unmountAt(path: string, places: readonly string[]): Promise<void> {
  const root = await locate(path);
  if (root === undefined) return;
  const roots = places.map((place) => join(root, Buffer.from(place, 'utf8').toString('latin1')));
  await detachAll(async () =>
    topmost(
      (await mountsBelow(path)).filter(({ mountPoint }) =>
        roots.some((place) => mountPoint === place || mountPoint.startsWith(`${place}/`)),
      ),
    ),
  );
}

/**
 * Unmount those file systems at a path and below it whose process is gone: FUSE answers ENOTCONN then, for ever. What
 * the kernel serves by itself (ext4, NFS, tmpfs) and what another process serves stays, and so does what cannot be
 * asked. Nothing is thrown for what stays.
 */
export async function unmountDead(path: string): Promise<void> {
  const kept = new Set<number>();
  await detachAll(async () => {
    const mounts = (await mountsBelow(path)).filter(({ id }) => !kept.has(id));
    const probe = createFileSystemProbe({ idleMs: answerMs });
    // Only what is on top at its place answers by its path.
    const shown = new Map(mounts.toReversed().map((mount) => [mount.mountPoint, mount]));
    const served = [...shown.values()].filter(({ fileSystem }) => /^fuse(?:blk|\.|$)/.test(fileSystem));
    // Each is asked by a process of its own.
    const areDead = await mapBounded(served, ({ mountPoint }) => isDead(mountPoint, probe));
    for (const [index, { id }] of served.entries()) if (areDead[index] !== true) kept.add(id);
    return topmost(served.filter(({ id }) => !kept.has(id)));
  });
}

async function isDead(mountPoint: string, probe: FileSystemProbe): Promise<boolean> {
  const path = decodeUtf8(mountPoint);
  if (path === undefined) return false;
  const status = await probe.status(path, { followLinks: false });
  return status.kind === 'unreachable' && status.reason === 'transport endpoint is not connected';
}

/** Detaches what is found until nothing is. @returns what stays, if anything, and why */
async function detachAll(
  find: () => Promise<readonly MountEntry[]>,
): Promise<{ readonly left?: MountEntry; readonly reason: string }> {
  const deadline = performance.now() + timeoutMs;
  let reason = '';
  for (let round = 0, failedRounds = 0; ; round += 1) {
    const mounts = await find();
    const [left] = mounts;
    if (left === undefined) return { reason };
    // A mount may have gone by itself meanwhile, which fails too, and uncovers others.
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

/** Those with no other one above them. Of several at one place each is there: they go one by one. */
function topmost(mounts: readonly MountEntry[]): readonly MountEntry[] {
  const places = new Set(mounts.map(({ mountPoint }) => mountPoint));
  return mounts.filter(({ mountPoint }) => {
    for (let end = mountPoint.lastIndexOf('/'); end > 0; end = mountPoint.lastIndexOf('/', end - 1)) {
      if (places.has(mountPoint.slice(0, end))) return false;
    }
    return true;
  });
}

/**
 * By the path as it is: umount(8) resolves no link then, runs no helper, and does not look at the file system.
 * @returns why it may have failed; the mount table tells whether it has
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
/** Arguments of programs are UTF-8 here, names of files any bytes: others go to the shell in octal. */
const detachEncoded = `name=$(printf '%bx' "$1"); exec "$0" ${umountOptions.join(' ')} "\${name%x}"`;

/** @param bytes as `latin1` text; undefined when they are not UTF-8 */
function decodeUtf8(bytes: string): string | undefined {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return Buffer.from(text, 'utf8').toString('latin1') === bytes ? text : undefined;
}

function encodeOctal(bytes: string): string {
  return [...Buffer.from(bytes, 'latin1')].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
}
