/**
 * Keeps the read end of a command's standard input open.
 *
 * runc copies input into a pipe of its own. After the command has closed its end, a write there raises SIGPIPE in
 * runc, which forwards it to the command as a signal: a command that merely stops reading would be killed. With
 * another open read end there is no SIGPIPE; unread data stays in the pipe.
 * @see opencontainers/runc signals.go, "forward"; pipe(7)
 */
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isErrno } from '../linux/errno.ts';

const accessModes = 0o3; // O_ACCMODE

/**
 * Open the read end of the pipe.
 * @param runtimePid of an OCI runtime that has started a command
 * @returns a descriptor that the caller closes when the runtime has ended; undefined when the runtime passes its own
 *   input on, as crun does
 */
export function holdInputPipe(runtimePid: number): number | undefined {
  try {
    const pipes = pipesOf(runtimePid);
    // The runtime has both ends of the pipes by which its threads wake each other.
    const input = pipes.find(
      ({ access, pipe }) =>
        access === constants.O_WRONLY &&
        !pipes.some((other) => other.pipe === pipe && other.access !== access),
    );
    return input && openSync(input.path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    // The runtime has ended, or this process may not access it: then the pipe is not held, which rarely matters.
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENXIO')) return undefined;
    throw error;
  }
}

/** Close the descriptor. */
export function closeInputPipe(descriptor: number | undefined): void {
  if (descriptor !== undefined) closeSync(descriptor);
}

interface OpenPipe {
  readonly path: string;
  /** Such as `pipe:[4711]`. */
  readonly pipe: string;
  readonly access: number;
}

/** Pipes of a process. The kernel answers from memory. */
function pipesOf(pid: number): readonly OpenPipe[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      const path = `/proc/${pid}/fd/${name}`;
      const pipe = readlinkSync(path);
      if (!pipe.startsWith('pipe:')) return [];
      const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${name}`, 'latin1'))?.[1];
      return [{ path, pipe, access: Number.parseInt(flags ?? '', 8) & accessModes }];
    } catch (error) {
      // Closed in the meantime.
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  });
}
