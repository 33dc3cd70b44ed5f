/**
 * Descriptors that this process was started with.
 * @see fcntl(2)
 */
import { readdirSync } from 'node:fs';
import { errorCode } from './errno.ts';
import { bindCall, checkResult } from './libc.ts';

const control = bindCall<[descriptor: number, command: number, flags: number]>(
  'int fcntl(int fd, int command, int flags)',
);
const setDescriptorFlags = 2; // F_SETFD
const closeOnExec = 1; // FD_CLOEXEC

/** Keep a descriptor from the programs that this process starts. @throws {ErrnoError} EBADF when it is not open */
export function setCloseOnExec(descriptor: number): void {
  checkResult(control(descriptor, setDescriptorFlags, closeOnExec), 'fcntl');
}

/**
 * Keep all of them but the three standard ones from programs. Node.js does so itself up to the first gap in their numbers;
 * what lies beyond, such as the lock of a script that says `exec 200>lock`, would be open in the monitors of plugins for as
 * long as those run.
 */
export function setCloseOnExecOfInherited(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= 2) continue;
    try {
      setCloseOnExec(descriptor);
    } catch (error) {
      // The one that the directory was read through is gone.
      if (errorCode(error) !== 'EBADF') throw error;
    }
  }
}
