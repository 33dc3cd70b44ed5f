/**
 * Named pipes, which Node.js cannot make.
 * @see mkfifo(3), fifo(7)
 */
import { constants } from 'node:fs';
import { makeNode, terminatePath } from './file-calls.ts';
import { checkResult } from './libc.ts';

/**
 * Make a named pipe. A last component that is a link is not followed.
 * @param mode permission bits; the umask applies
 * @throws {ErrnoError} EEXIST when the name is taken
 */
export function makeFifo(path: string, mode: number): void {
  checkResult(makeNode(terminatePath(Buffer.from(path)), constants.S_IFIFO | mode, 0, 0), 'mknod', path);
}
