/**
 * Close-on-exec flags of descriptors that this process inherited.
 * @see fcntl(2), FD_CLOEXEC
 */
import { readdirSync } from 'node:fs';
import { errorCode } from './errno.ts';
import { bindCall, checkResult } from './libc.ts';

const control = bindCall<[descriptor: number, command: number, flags: number]>(
  'int fcntl(int fd, int command, int flags)',
);
const setDescriptorFlags = 2; // F_SETFD
const closeOnExec = 1; // FD_CLOEXEC

/** Close a descriptor in programs that this process starts. @throws {ErrnoError} EBADF when it is not open */
export function setCloseOnExec(descriptor: number): void {
  checkResult(control(descriptor, setDescriptorFlags, closeOnExec), 'fcntl');
}

/**
 * Close all descriptors but the three standard ones in programs that this process starts. Node.js does so only up to
 * the first gap in their numbers. Beyond it a descriptor, such as the lock of a script with `exec 200>lock`, would
 * stay open in the monitors of containers for as long as those run.
 */
export function setCloseOnExecOfInherited(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= 2) continue;
    try {
      setCloseOnExec(descriptor);
    } catch (error) {
      // The descriptor of the directory listing itself is closed by now.
      if (errorCode(error) !== 'EBADF') throw error;
    }
  }
}
