/**
 * A lock on a directory, so that two programs do not keep their data in one place.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import * as z from 'zod';
import { bindCall, ErrnoError } from './libc.ts';

const exclusiveWithoutWaiting = 2 | 4; // LOCK_EX | LOCK_NB
const flock = bindCall<[number, number]>('int flock(int fd, int operation)');

/** A lock that is held until `release`, or until the process ends in any way. */
export interface DirectoryLock {
  /** Safe to repeat. */
  release(): void;
}

/** Who holds the lock of a directory. */
export interface DirectoryOwner {
  readonly pid: number;
  /** Where it can be reached. */
  readonly hosts: readonly string[];
}

/** Tells who holds the lock, for people to read; it means nothing while nobody does. */
export const ownerFileName = 'owner.json';

/**
 * Lock an existing directory, at once or not at all. The lock is the kernel's (`flock`): no file is left by a crash.
 * @param hosts where the caller can be reached, told to whoever finds the directory locked
 * @throws {OutboardError} conflict when someone else holds it; system when the directory cannot be opened or locked
 */
export function lockDirectory(path: string, hosts: readonly string[] = []): DirectoryLock {
  let descriptor: number | undefined = openDirectory(path);
  const result = flock(descriptor, exclusiveWithoutWaiting);
  if (result < 0) {
    const owner = describeOwner(path, String(fstatSync(descriptor, { bigint: true }).ino));
    closeSync(descriptor);
    const cause = new ErrnoError(-result, 'flock', path);
    if (cause.code !== 'EAGAIN')
      throw new OutboardError('system', `cannot lock ${JSON.stringify(path)}`, { cause });
    throw new OutboardError(
      'conflict',
      `data root ${JSON.stringify(path)} is in use by another daemon${owner}`,
      {
        cause,
      },
    );
  }
  const ownerFile = join(path, ownerFileName);
  try {
    writeFileSync(ownerFile, JSON.stringify({ pid: process.pid, hosts }), { mode: 0o600 });
  } catch {
    // A disk that is full must not keep plugins from running: a second daemon is then told less.
  }
  return {
    release() {
      if (descriptor === undefined) return;
      try {
        rmSync(ownerFile, { force: true });
      } catch {
        // The file means nothing without the lock, which must be released all the same.
      }
      closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** `: process 123, which serves unix:///…`, as far as that is known. */
function describeOwner(path: string, inode: string): string {
  const holders = pidsWithLock(inode);
  const owner = readOwner(join(path, ownerFileName));
  // The file may be that of a daemon which was killed.
  if (owner !== undefined && holders.includes(owner.pid)) {
    const served = owner.hosts.length === 0 ? '' : `, which serves ${owner.hosts.join(', ')}`;
    return `: process ${owner.pid}${served}`;
  }
  return holders.length === 1 ? `: process ${holders[0]}` : '';
}

/**
 * Processes that hold a lock of `flock` on an inode; those outside of this pid namespace have no number here.
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
