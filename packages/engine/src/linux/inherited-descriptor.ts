/**
 * Descriptors that this process was started with.
 * @see fcntl(2)
 */
import { bindCall, checkResult } from './libc.ts';

const control = bindCall<[descriptor: number, command: number, flags: number]>(
  'int fcntl(int fd, int command, int flags)',
);
const setDescriptorFlags = 2; // F_SETFD
const closeOnExec = 1; // FD_CLOEXEC

/** Keep a descriptor from the programs that this process starts. @throws {ErrnoError} EBADF when it is not open */
export function keepFromPrograms(descriptor: number): void {
  checkResult(control(descriptor, setDescriptorFlags, closeOnExec), 'fcntl');
}
