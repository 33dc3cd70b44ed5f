/**
 * Lock on a directory, so that two daemons do not use the same data root.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pollUntil } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import * as z from 'zod';
import { bindCall, ErrnoError } from './libc.ts';
import { identifyProcess } from './process-identity.ts';

const exclusiveWithoutWaiting = 2 | 4; // LOCK_EX | LOCK_NB
const flock = bindCall<[number, number]>('int flock(int fd, int operation)');

/** A lock, held until `release` or the end of the process. */
export interface DirectoryLock {
  /** Idempotent. */
  release(): void;
}

/** Holder of the lock of a directory. */
export interface DirectoryOwner {
  readonly pid: number;
  /** Addresses at which it serves. */
  readonly hosts: readonly string[];
}

/** File that names the holder of the lock for error messages; meaningless without the lock. */
export const ownerFileName = 'owner.json';

/**
 * Upper bound of the wait for the children of a killed daemon: until a child executes its program it has copies of the
 * daemon's descriptors, and a lock lasts as long as any copy.
 */
const childStartMs = 5_000;

/**
 * Lock an existing directory. The lock is the kernel's (`flock`), so a crash leaves none; it does not wait for a process
 * that runs.
 * @param hosts addresses of the caller, for the error message of others
 * @throws {OutboardError} conflict when another process holds it; system when the directory cannot be opened or
 *   locked
 */
export async function lockDirectory(path: string, hosts: readonly string[] = []): Promise<DirectoryLock> {
  const descriptor = openDirectory(path);
  try {
    await lock(descriptor, path);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const ownerFile = join(path, ownerFileName);
  try {
    writeFileSync(ownerFile, JSON.stringify({ pid: process.pid, hosts }), { mode: 0o600 });
  } catch {
    // A full disk must not prevent the start: the error message of a second daemon then says less.
  }
  let isHeld = true;
  return {
    release() {
      if (!isHeld) return;
      isHeld = false;
      try {
        rmSync(ownerFile, { force: true });
      } catch {
        // The file means nothing without the lock, which must be released all the same.
      }
      closeSync(descriptor);
    },
  };
}

/** @throws {OutboardError} conflict; system */
async function lock(descriptor: number, path: string): Promise<void> {
  if (tryLock(descriptor, path)) return;
  const inode = String(fstatSync(descriptor, { bigint: true }).ino);
  const isHolderRunning = pidsWithLock(inode).some((pid) => identifyProcess(pid) !== undefined);
  if (!isHolderRunning && (await pollUntil(() => tryLock(descriptor, path), { timeoutMs: childStartMs })))
    return;
  const owner = describeOwner(path, inode);
  throw new OutboardError(
    'conflict',
    `data root ${JSON.stringify(path)} is in use by another daemon${owner}`,
  );
}

/** @returns false when another process holds the lock */
function tryLock(descriptor: number, path: string): boolean {
  const result = flock(descriptor, exclusiveWithoutWaiting);
  if (result >= 0) return true;
  const cause = new ErrnoError(-result, 'flock', path);
  if (cause.code === 'EAGAIN') return false;
  throw new OutboardError('system', `cannot lock ${JSON.stringify(path)}`, { cause });
}

/** `: process 123, which serves unix:///…`, as far as it is known. */
function describeOwner(path: string, inode: string): string {
  const holders = pidsWithLock(inode);
  const owner = readOwner(join(path, ownerFileName));
  // The file may have been left by a killed daemon.
  if (owner !== undefined && holders.includes(owner.pid)) {
    const served = owner.hosts.length === 0 ? '' : `, which serves ${owner.hosts.join(', ')}`;
    return `: process ${owner.pid}${served}`;
  }
  return holders.length === 1 ? `: process ${holders[0]}` : '';
}

/**
 * Processes that hold a `flock` lock on an inode. Processes outside of this pid namespace have no pid here.
 * @see proc_locks(5)
 */
function pidsWithLock(inode: string): readonly number[] {
  const lines = readFileSync('/proc/locks', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const found = /: FLOCK +\S+ +WRITE +(\d+) +\S+:(\d+) /.exec(line);
    return found !== null && found[2] === inode && found[1] !== '0' ? [Number(found[1])] : [];
  });
}

const ownerDocument = z.object({ pid: z.int().positive(), hosts: z.array(z.string()) });

function readOwner(path: string): DirectoryOwner | undefined {
  try {
    return ownerDocument.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined; // it only adds to an error message
  }
}

function openDirectory(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (cause) {
    throw new OutboardError('system', `cannot open data root ${JSON.stringify(path)}`, { cause });
  }
}
