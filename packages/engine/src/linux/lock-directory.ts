/**
 * A lock on a directory, so that two programs do not keep their data in one place.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { OutboardError } from '@outboard/oci';
import { bindCall, ErrnoError } from './libc.ts';

const exclusiveWithoutWaiting = 2 | 4; // LOCK_EX | LOCK_NB
const flock = bindCall<[number, number]>('int flock(int fd, int operation)');

/** A lock that is held until `release`, or until the process ends in any way. */
export interface DirectoryLock {
  /** Safe to repeat. */
  release(): void;
}

/**
 * Lock an existing directory, at once or not at all. The lock is the kernel's (`flock`): no file is left by a crash.
 * @throws {OutboardError} conflict when someone else holds it; system when the directory cannot be opened or locked
 */
export function lockDirectory(path: string): DirectoryLock {
  let descriptor: number | undefined = openDirectory(path);
  const result = flock(descriptor, exclusiveWithoutWaiting);
  if (result < 0) {
    closeSync(descriptor);
    const cause = new ErrnoError(-result, 'flock', path);
    if (cause.code !== 'EAGAIN')
      throw new OutboardError('system', `cannot lock ${JSON.stringify(path)}`, { cause });
    throw new OutboardError('conflict', `data root ${JSON.stringify(path)} is in use by another daemon`, {
      cause,
    });
  }
  return {
    release() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

function openDirectory(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (cause) {
    throw new OutboardError('system', `cannot open data root ${JSON.stringify(path)}`, { cause });
  }
}
